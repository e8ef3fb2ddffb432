// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/app/bytes_format.hpp"
#include "millrace/broker/consumer.hpp"

namespace millrace {

/// A record, ready to be printed. Owns its texts.
struct ShownRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Timestamp timestamp = kNoTimestamp;
  Shown key;
  Shown value;
  std::vector<std::pair<Shown, Shown>> headers;  ///< names and values, as format `auto`

  /// Whether the key and the value fit their formats.
  [[nodiscard]] bool fits() const { return key.problem.empty() && value.problem.empty(); }
};

/// The formats of keys and values.
struct RecordFormat {
  BytesFormat key = BytesFormat::parse("auto");
  BytesFormat value = BytesFormat::parse("auto");

  [[nodiscard]] ShownRecord show(const ConsumerRecord& record) const;
};

/// A record as one line of JSON: topic, partition, offset, timestamp (ms since the epoch), key, value, headers (a list
/// of {"key", "value"}). If the key or the value does not fit its format, a member `errors` says why: an object with
/// the members `key`, `value` or both.
[[nodiscard]] std::string json_line(const ShownRecord& record);

/// Lines for people: time in UTC, partition:offset, key, value, headers. The columns are as wide as the widest entry so
/// far.
class PeopleLines {
 public:
  [[nodiscard]] std::string line(const ShownRecord& record);

 private:
  std::size_t place_width_ = 0;
  std::size_t key_width_ = 0;
};

}  // namespace millrace
