// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace topics {

/// A record to be written by `topics put`. nullopt is Kafka's null.
struct InputRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::optional<millrace::Timestamp> timestamp;  ///< ms since the epoch; nullopt: the present time
  millrace::Headers headers;
};

/// What the lines of standard input are.
enum class InputFormat {
  lines,    ///< each line is a value, or a key, a separator and a value
  json,     ///< each line is a JSON value, which is the record's value
  records,  ///< each line is a record as `topics cat` prints it
  csv,      ///< a header line, then rows; each row becomes a JSON object
};

struct InputOptions {
  InputFormat format = InputFormat::lines;
  std::optional<std::string> key_separator = {};    ///< lines only; nullopt: records have no key
  std::optional<std::string> key_field = {};        ///< json and csv: the path of the key in the value; nullopt: no key
  std::optional<std::string> timestamp_field = {};  ///< json and csv: the path of the time in the value
  std::optional<std::string> null_value = {};       ///< not for records, see make_input()
};

/// Reads records from text. Used by one thread.
class Input {
 public:
  virtual ~Input() = default;

  /// Reads the next record. Returns false at the end. Throws StreamsException that names the line.
  virtual bool next(InputRecord& record) = 0;
};

/// The reader of a format. `text` must outlive it. A value that equals `null_value` becomes null: a tombstone. In CSV,
/// a field that equals `null_value` becomes JSON's null. The key field must be a string, an integer, a boolean or
/// null; a string becomes a key without quotes. The time is a number of ms since the epoch, or a time in UTC, see
/// millrace::detail::parse_utc(). Throws std::invalid_argument if an option does not belong to the format.
[[nodiscard]] std::unique_ptr<Input> make_input(const InputOptions& options, std::istream& text);

}  // namespace topics
