// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/page/spec.hpp"

namespace millrace::page::detail {

/// A record whose value was parsed. Valid until the next record is parsed.
struct RecordView {
  const ConsumerRecord* record = nullptr;
  simdjson::dom::element value;
};

/// The earliest and the latest time that a page shows: the years 1 to 9999. Milliseconds since the epoch.
inline constexpr Timestamp kEarliestTime = -62'135'596'800'000;
inline constexpr Timestamp kLatestTime = 253'402'300'799'999;

/// Reads a Field of records. Nothing here throws for what a record holds.
class FieldReader {
 public:
  /// Throws ConfigException for an unknown name that begins with @.
  explicit FieldReader(Field field);

  [[nodiscard]] const Field& field() const { return field_; }

  /// Strings, numbers and booleans, at most 200 bytes of it. Unset: missing, null, an object or an array.
  [[nodiscard]] std::optional<std::string> text(const RecordView& view) const;
  /// A finite number, or a text with one.
  [[nodiscard]] std::optional<double> number(const RecordView& view) const;
  /// A time between kEarliestTime and kLatestTime.
  [[nodiscard]] std::optional<Timestamp> time(const RecordView& view) const;
  /// Appends the field as a JSON value for a cell of a table, with texts of at most 500 bytes.
  void append_cell(const RecordView& view, std::string& json) const;

 private:
  enum class Kind { member, key, timestamp, partition, offset };

  [[nodiscard]] std::optional<simdjson::dom::element> find(const RecordView& view) const;
  [[nodiscard]] std::string_view cut(std::string_view text) const;

  Field field_;
  Kind kind_ = Kind::member;
  std::vector<std::string> steps_;  ///< the path, cut at its points
};

}  // namespace millrace::page::detail
