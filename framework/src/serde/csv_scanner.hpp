// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "millrace/serde/csv_reader.hpp"

namespace millrace::detail {

/// Throws ConfigException if the delimiter or the quote cannot be used.
void check_csv_options(const CsvOptions& options);

/// Splits CSV text into records and fields. Allocates nothing, except for fields with doubled quotes.
///
///     while (scanner.next_record()) {
///       do use(scanner.field()); while (scanner.next_field());
///     }
class CsvScanner {
 public:
  /// A place in the text.
  struct Place {
    std::size_t byte = 0;  ///< from 0
    std::size_t line = 1;
  };

  /// Begins at `start`. Does not check that the text is UTF-8.
  CsvScanner(std::string_view text, const CsvOptions& options, Place start)
      : text_(text), options_(options), at_(start) {}
  CsvScanner(std::string_view text, const CsvOptions& options) : CsvScanner(text, options, Place()) {}

  /// Goes to the first field of the next record. Returns false if there is none. REQUIRES: the last record was read to
  /// its end.
  [[nodiscard]] bool next_record();
  /// Goes to the next field of the record. Returns false if there is none.
  [[nodiscard]] bool next_field();

  /// The present field. Valid until the next call.
  [[nodiscard]] std::string_view field() const { return field_; }
  /// Where the present field begins.
  [[nodiscard]] Place field_place() const { return field_place_; }
  /// Behind the present field. At the end of a record: where the next record begins.
  [[nodiscard]] Place place() const { return at_; }

 private:
  [[nodiscard]] bool at_end() const { return at_.byte == text_.size(); }
  [[nodiscard]] char present() const { return text_[at_.byte]; }
  /// If a line break is here, passes it and returns true.
  bool pass_line_break();
  /// Reads a field, and the delimiter or line break behind it.
  void read_field();
  void read_quoted();
  /// Passes white space behind a closing quote.
  void pass_blanks();
  [[noreturn]] void fail(Place place, const std::string& what) const;

  std::string_view text_;
  CsvOptions options_;
  Place at_;
  Place field_place_;
  bool more_ = false;  ///< a delimiter is behind the present field
  std::string_view field_;
  std::string unquoted_;  ///< the text of a field with doubled quotes
};

}  // namespace millrace::detail
