// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/store_dump.hpp"

#include <algorithm>
#include <ostream>

#include "oracle/cpp/program/value.hpp"

namespace oracle::program {
namespace {

using millrace::TopologyException;
using millrace::TopologyTestDriver;
using millrace::ValueAndTimestamp;
using Line = nlohmann::ordered_json;
using Stamped = ValueAndTimestamp<Dynamic>;
using StampedWithHeaders = millrace::ValueTimestampHeaders<Dynamic>;
using WithHeaders = millrace::AggregationWithHeaders<Dynamic>;
using StampedCount = ValueAndTimestamp<std::int64_t>;

Line line(const std::string& store, const Dynamic& key) { return {{"store", store}, {"key", hex(bytes(key))}}; }
Line line(const std::string& store, const WindowedKey& key) {
  return {{"store", store}, {"key", hex(bytes(key.key))}, {"start", key.window.start}};
}

void add_value(Line& line, const Dynamic& value) { line["value"] = hex(bytes(value)); }
void add_value(Line& line, std::int64_t value) { line["value"] = hex(bytes(value)); }
template <class V>
void add_value(Line& line, const ValueAndTimestamp<V>& value) {
  line["value"] = hex(bytes(dynamic(value.value)));
  line["timestamp"] = value.timestamp;
}
void add_headers(Line& line, const millrace::Headers& headers) {
  for (const auto& header : headers) line["headers"].push_back(Line::array({header.key, hex(header.value)}));
}
void add_value(Line& line, const StampedWithHeaders& value) {
  add_value(line, Stamped{value.value, value.timestamp});
  add_headers(line, value.headers);
}
void add_value(Line& line, const WithHeaders& value) {
  add_value(line, value.aggregation);
  add_headers(line, value.headers);
}

/// Returns false if the store has another type.
template <class K, class V>
bool write_key_values(TopologyTestDriver& driver, const std::string& name, std::ostream& out) {
  try {
    for (const auto& entry : driver.get_key_value_store<K, V>(name).all()) {
      auto shown = line(name, entry.key);
      add_value(shown, entry.value);
      out << shown.dump() << '\n';
    }
    return true;
  } catch (const TopologyException&) {
    return false;
  }
}

/// K is the key type of the aggregated stream. If K is windowed itself, `start` is the start of the outer window.
template <class V, class K = Dynamic>
bool write_windows(TopologyTestDriver& driver, const std::string& name, std::ostream& out) {
  try {
    for (const auto& entry : driver.get_window_store<K, V>(name).all()) {
      auto shown = line(name, entry.key.key);
      add_value(shown, entry.value);
      shown["start"] = entry.key.window.start;
      out << shown.dump() << '\n';
    }
    return true;
  } catch (const TopologyException&) {
    return false;
  }
}

template <class V>
bool write_sessions(TopologyTestDriver& driver, const std::string& name, std::ostream& out) {
  try {
    for (const auto& entry : driver.get_session_store<Dynamic, V>(name).fetch(std::nullopt, std::nullopt)) {
      auto shown = line(name, entry.key.key);
      add_value(shown, entry.value);
      shown["start"] = entry.key.window.start;
      shown["end"] = entry.key.window.end;
      out << shown.dump() << '\n';
    }
    return true;
  } catch (const TopologyException&) {
    return false;
  }
}

}  // namespace

Line hex(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (const char c : *bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return digits;
}

void write_stores(TopologyTestDriver& driver, std::ostream& out) {
  auto names = driver.get_all_state_store_names();
  std::ranges::sort(names);
  for (const auto& name : names) {
    // A store of another type cannot be listed, as in Java.
    (void)(write_key_values<Dynamic, Dynamic>(driver, name, out) ||
           write_key_values<Dynamic, Stamped>(driver, name, out) ||
           write_key_values<Dynamic, StampedWithHeaders>(driver, name, out) ||
           write_key_values<Dynamic, StampedCount>(driver, name, out) ||
           write_key_values<WindowedKey, Stamped>(driver, name, out) ||
           write_key_values<WindowedKey, StampedCount>(driver, name, out) ||
           write_windows<Dynamic>(driver, name, out) || write_windows<Stamped>(driver, name, out) ||
           write_windows<StampedWithHeaders>(driver, name, out) || write_windows<StampedCount>(driver, name, out) ||
           write_windows<std::int64_t>(driver, name, out) || write_windows<Dynamic, WindowedKey>(driver, name, out) ||
           write_sessions<Dynamic>(driver, name, out) || write_sessions<WithHeaders>(driver, name, out) ||
           write_sessions<std::int64_t>(driver, name, out));
  }
}

}  // namespace oracle::program
