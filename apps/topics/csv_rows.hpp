// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

namespace topics {

/// Reads CSV (RFC 4180) with a header line. Fields may be quoted, and may contain line breaks then. Blanks around a
/// field without quotes are removed. Empty lines are skipped. Used by one thread.
class CsvRows {
 public:
  /// Reads the header. `text` must outlive the object. Throws StreamsException if there is no header, or if a name is
  /// empty or occurs twice.
  explicit CsvRows(std::istream& text);
  ~CsvRows();
  CsvRows(const CsvRows&) = delete;
  CsvRows& operator=(const CsvRows&) = delete;

  /// Goes to the next row. Returns false at the end. Throws StreamsException that names the line if the text is not CSV
  /// or a row has another number of fields than the header.
  bool next();

  /// The row as a JSON object with the names of the header, in their order. A field that is a JSON number stays a
  /// number with all its digits; `true` and `false` become booleans; a field that equals `null_value` becomes null; all
  /// others become strings. Throws StreamsException if a string is not UTF-8.
  [[nodiscard]] std::string json_object(const std::optional<std::string>& null_value) const;

  /// The number of the line in which the row ends, from 1.
  [[nodiscard]] std::uint64_t line() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace topics
