// SPDX-License-Identifier: Apache-2.0
#include "ksqldb/query.hpp"

#include <string_view>

namespace millrace::ksqldb_rows {
namespace {

using Text = std::optional<std::string>;

// A number of 8 bytes, the highest one first, as in the keys of windowed tables.
Timestamp time_of(std::string_view bytes) {
  Timestamp time = 0;
  for (const char byte : bytes.substr(0, 8)) time = time * 256 + static_cast<unsigned char>(byte);
  return time;
}

// The key of a window ends with the start. The key of a session ends with the end and the start.
std::string text_of(const Text& key, Keys keys) {
  if (!key) return "null";
  if (keys == Keys::text) return *key;
  const std::size_t length = key->size() - (keys == Keys::time_windows ? 8 : 16);
  const auto times = std::string_view(*key).substr(length);
  if (keys == Keys::time_windows) return key->substr(0, length) + "[" + std::to_string(time_of(times)) + "]";
  return key->substr(0, length) + "[" + std::to_string(time_of(times.substr(8))) + "," +
         std::to_string(time_of(times)) + "]";
}

// Any bytes, also those that are not UTF-8.
struct AnyBytes {
  std::string deserialize(std::string_view bytes) const { return std::string(bytes); }
};

}  // namespace

TopologyTestDriver& Query::driver() {
  // Otherwise a record would wait for the other inputs of its task until the driver's clock is advanced.
  const auto config = StreamsConfig::like_ksqldb().set("max.task.idle.ms", "0");
  if (!driver_) driver_.emplace(builder.build(config), config);
  return *driver_;
}

void Query::put(const std::string& topic, const Text& key, const Text& value, Timestamp at, const Headers& headers) {
  driver().create_input_topic<Text, Text>(topic).pipe_raw(key, value, at, headers);
}

Rows Query::rows(const std::string& topic, Keys keys) { return read(topic, keys, false); }

Rows Query::rows_with_time(const std::string& topic, Keys keys) { return read(topic, keys, true); }

Rows Query::read(const std::string& topic, Keys keys, bool with_time) {
  auto output = driver().create_output_topic<Text, Text>(topic, AnyBytes(), AnyBytes());
  Rows rows;
  while (!output.is_empty()) {
    const auto record = output.read_record();
    rows.push_back(text_of(record.key, keys) + "=" + record.value.value_or("null"));
    if (with_time) rows.back() += " @" + std::to_string(record.timestamp);
  }
  return rows;
}

}  // namespace millrace::ksqldb_rows
