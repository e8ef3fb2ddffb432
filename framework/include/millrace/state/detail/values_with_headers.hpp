#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "millrace/serde/serde.hpp"
#include "millrace/state/aggregation_with_headers.hpp"
#include "millrace/state/detail/header_formats.hpp"
#include "millrace/state/detail/typed_stores.hpp"
#include "millrace/state/value_timestamp_headers.hpp"

namespace millrace::detail {

/// The serde of `headers + timestamp(8, big-endian) + value`. See state/detail/header_formats.hpp. deserialize() throws
/// SerializationException if the bytes have another form.
template <class V>
struct ValueTimestampHeadersSerde {
  ValueAndTimestampSerde<V> inner;

  bool serialize(std::string_view topic, const ValueTimestampHeaders<V>& value, std::string& out) const {
    const std::size_t start = out.size();
    formats::append_headers(out, value.headers);
    // A null value has no stored form: take the headers back and report null.
    if (inner.serialize(topic, value.value, value.timestamp, out)) return true;
    out.resize(start);
    return false;
  }
  ValueTimestampHeaders<V> deserialize(std::string_view topic, std::string_view bytes) const {
    const auto [headers, rest] = formats::read_value_with_headers(bytes);
    auto stamped = inner.deserialize(topic, rest);
    return {std::move(stamped.value), stamped.timestamp, formats::decode_headers(headers)};
  }
};

/// The serde of `headers + aggregation`. Session stores use it: a session's time is in its key.
template <class AGG>
struct AggregationWithHeadersSerde {
  AnySerde<AGG> inner;

  bool serialize(std::string_view topic, const AggregationWithHeaders<AGG>& value, std::string& out) const {
    const std::size_t start = out.size();
    formats::append_headers(out, value.headers);
    if (inner.serialize(topic, value.aggregation, out)) return true;
    // As above: a null aggregation has no stored form.
    out.resize(start);
    return false;
  }
  AggregationWithHeaders<AGG> deserialize(std::string_view topic, std::string_view bytes) const {
    const auto [headers, rest] = formats::read_value_with_headers(bytes);
    return {inner.deserialize(topic, rest), formats::decode_headers(headers)};
  }
};

}  // namespace millrace::detail
