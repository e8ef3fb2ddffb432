// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>

#include "millrace/state/aggregation_with_headers.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/value_timestamp_headers.hpp"
#include "oracle/cpp/program/program.hpp"
#include "oracle/cpp/program/store_dump.hpp"

// How processors show the entries of their stores as text. The counterpart of StoreWalks.show in Java.

namespace oracle::program {

using Stamped = millrace::ValueAndTimestamp<Dynamic>;

inline std::string show(const Dynamic& value) { return text(value); }
inline std::string show(const Stamped& value) { return text(value.value) + "@" + std::to_string(value.timestamp); }
/// Empty if there are no headers.
inline std::string show(const millrace::Headers& headers) {
  std::string seen;
  for (const auto& header : headers) {
    const auto bytes = hex(header.value);
    seen += (seen.empty() ? "{" : ",") + header.key + "=" + (bytes.is_null() ? "null" : bytes.get<std::string>());
  }
  return seen.empty() ? seen : seen + "}";
}
inline std::string show(const millrace::ValueTimestampHeaders<Dynamic>& value) {
  return show(Stamped{value.value, value.timestamp}) + show(value.headers);
}
inline std::string show(const millrace::AggregationWithHeaders<Dynamic>& value) {
  return text(value.aggregation) + show(value.headers);
}
inline std::string show(millrace::Timestamp time) { return std::to_string(time); }
inline std::string show(const WindowedKey& key) {
  return text(key.key) + "/" + std::to_string(key.window.start) + "-" + std::to_string(key.window.end);
}
template <class V>
std::string show(const std::optional<V>& value) {
  return value ? show(*value) : "null";
}
template <class K, class V>
std::string show(millrace::KeyValueIterator<K, V> entries) {
  std::string seen = "[";
  for (const auto& entry : entries) seen += show(entry.key) + "=" + show(entry.value) + " ";
  return seen + "]";
}

/// Joins the results of several calls on a store. The calls run in order, because the elements of a braced list are
/// evaluated from left to right. Operands of + are not.
inline std::string in_order(std::initializer_list<std::string> parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

/// The value that is put: at most 8 characters. Otherwise values that show whole stores would grow without limit.
inline Value kept(const Value& value) { return nullable(map_value(Function("first:8"), {}, dynamic(value))); }

}  // namespace oracle::program
