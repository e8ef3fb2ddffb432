// SPDX-License-Identifier: Apache-2.0
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

/// Appends headers and the bytes that `write` appends. Returns false, with nothing appended, if `write` returns false.
/// The stored headers include those that the serde adds.
template <class Inner, class Write>
bool append_with_headers(const Inner& inner, const Headers& headers, std::string& out, const Write& write) {
  const std::size_t start = out.size();
  if (!inner.writes_headers()) {
    formats::append_headers(out, headers);
    if (write(nullptr, out)) return true;
    out.resize(start);
    return false;
  }
  // The headers come first, but the serde may add to them.
  Headers extended = headers;
  std::string bytes;
  if (!write(&extended, bytes)) return false;
  formats::append_headers(out, extended);
  out += bytes;
  return true;
}

/// The serde of `headers + timestamp(8, big-endian) + value`. See state/detail/header_formats.hpp. deserialize() throws
/// SerializationException if the bytes have another form.
template <class V>
struct ValueTimestampHeadersSerde {
  ValueAndTimestampSerde<V> inner;

  bool serialize(std::string_view topic, const ValueTimestampHeaders<V>& value, std::string& out) const {
    // A null value has no stored form.
    return append_with_headers(inner, value.headers, out, [&](Headers* headers, std::string& bytes) {
      return inner.serialize(topic, headers, value.value, value.timestamp, bytes);
    });
  }
  ValueTimestampHeaders<V> deserialize(std::string_view topic, std::string_view bytes) const {
    const auto [encoded, rest] = formats::read_value_with_headers(bytes);
    Headers headers = formats::decode_headers(encoded);
    auto stamped = inner.deserialize(topic, &headers, rest);
    return {std::move(stamped.value), stamped.timestamp, std::move(headers)};
  }

  // For the engine.
  [[nodiscard]] bool has_life_cycle() const { return inner.has_life_cycle(); }
  void prepare(ConfiguredSerdes& application, bool is_key) { inner.prepare(application, is_key); }
};

/// The serde of `headers + aggregation`. Session stores use it: a session's time is in its key.
template <class AGG>
struct AggregationWithHeadersSerde {
  AnySerde<AGG> inner;

  bool serialize(std::string_view topic, const AggregationWithHeaders<AGG>& value, std::string& out) const {
    // As above: a null aggregation has no stored form.
    return append_with_headers(inner, value.headers, out, [&](Headers* headers, std::string& bytes) {
      return inner.serialize(topic, headers, value.aggregation, bytes);
    });
  }
  AggregationWithHeaders<AGG> deserialize(std::string_view topic, std::string_view bytes) const {
    const auto [encoded, rest] = formats::read_value_with_headers(bytes);
    Headers headers = formats::decode_headers(encoded);
    AGG aggregation = inner.deserialize(topic, &headers, rest);
    return {std::move(aggregation), std::move(headers)};
  }

  // For the engine.
  [[nodiscard]] bool has_life_cycle() const { return inner.has_life_cycle(); }
  void prepare(ConfiguredSerdes& application, bool is_key) { inner.prepare(application, is_key); }
};

}  // namespace millrace::detail
