// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The format of CSV text. Both characters are ASCII, differ, and are not line breaks; otherwise the serde or reader
/// that gets the options throws ConfigException.
struct CsvOptions {
  char delimiter = ',';  ///< between two fields (ksqlDB: `VALUE_DELIMITER`, `KEY_DELIMITER`)
  char quote = '"';      ///< around fields that contain a delimiter, a quote or a line break

  /// The delimiter that a setting names, as in ksqlDB: one character, `SPACE` or `TAB`. Throws ConfigException for
  /// anything else.
  [[nodiscard]] static char parse_delimiter(std::string_view setting);
};

/// One field of a CSV record.
struct CsvField {
  std::string text;      ///< without quotes; a doubled quote is one quote
  std::size_t line = 0;  ///< where the field begins, from 1
  std::size_t byte = 0;  ///< where the field begins in the whole text, from 0
  bool operator==(const CsvField&) const = default;
};

/// Reads the records of a CSV text one after the other, by the rules of CSVFormat.DEFAULT of Apache Commons CSV, which
/// ksqlDB uses:
/// - A record ends at CR LF, LF or CR, or at the end of the text. Empty lines are skipped.
/// - A field that begins with a quote ends at the next single quote. It may contain delimiters and line breaks. A
///   doubled quote is one quote. White space between the closing quote and the delimiter is ignored.
/// - All other text counts, also spaces around a field, and a quote inside a field that does not begin with one.
///
///     CsvReader reader(text);
///     const auto columns = reader.read_header();
///     while (reader.next()) use(columns, reader.fields());
///
/// Errors   SerializationException with line and byte: text that is not UTF-8, a quote that is not closed, text behind
/// a
///          closing quote, a record with another number of fields than the header. After an error, the reader must not
///          be used.
/// Threads  one
class CsvReader {
 public:
  /// `text` must outlive the reader.
  explicit CsvReader(std::string_view text, const CsvOptions& options = {});

  /// Reads the first record as the names of the columns. A byte order mark before it is ignored. From now on, every
  /// record must have as many fields. Throws SerializationException if there is no record, or if a name is empty or
  /// occurs twice.
  std::vector<std::string> read_header();

  /// Goes to the next record. Returns false at the end of the text.
  [[nodiscard]] bool next();

  /// The fields of the record: at least one. Valid until the next call of next().
  [[nodiscard]] const std::vector<CsvField>& fields() const { return fields_; }

 private:
  std::string_view text_;
  CsvOptions options_;
  std::size_t at_ = 0;     ///< the next byte
  std::size_t line_ = 1;   ///< the line of that byte
  std::size_t width_ = 0;  ///< fields of the header; 0: there is none
  std::vector<CsvField> fields_;
};

}  // namespace millrace
