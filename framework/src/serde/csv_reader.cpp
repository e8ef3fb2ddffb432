// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/csv_reader.hpp"

#include <algorithm>
#include <set>

#include "csv_scanner.hpp"
#include "millrace/common/errors.hpp"
#include "utf8.hpp"

namespace millrace {
namespace {

[[noreturn]] void fail(std::size_t line, const std::string& what) {
  throw SerializationException("CSV: line " + std::to_string(line) + ": " + what);
}

}  // namespace

CsvReader::CsvReader(std::string_view text, const CsvOptions& options) : text_(text), options_(options) {
  detail::check_csv_options(options_);
  const std::size_t invalid = detail::first_invalid_utf8(text_);
  if (invalid < text_.size()) {
    const auto lines = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(invalid), '\n');
    fail(1 + static_cast<std::size_t>(lines), "not UTF-8, at byte " + std::to_string(invalid));
  }
}

std::vector<std::string> CsvReader::read_header() {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (at_ == 0 && text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  if (!next()) fail(line_, "expected a header with the names of the columns, found the end of the text");
  std::vector<std::string> names;
  std::set<std::string_view> known;
  for (const CsvField& field : fields_) {
    const std::string column = "column " + std::to_string(names.size() + 1) + " of the header";
    if (field.text.empty()) fail(field.line, column + " has no name");
    if (!known.insert(field.text).second) {
      fail(field.line, column + " has the name '" + detail::excerpt(field.text, 40) + "' of another column");
    }
    names.push_back(field.text);
  }
  width_ = names.size();
  return names;
}

bool CsvReader::next() {
  detail::CsvScanner scanner(text_, options_, {at_, line_});
  std::size_t count = 0;
  if (scanner.next_record()) {
    do {
      // Fields of the last record are assigned to, so that their memory is used again.
      if (count == fields_.size()) fields_.emplace_back();
      CsvField& field = fields_[count++];
      field.text.assign(scanner.field());
      field.line = scanner.field_place().line;
      field.byte = scanner.field_place().byte;
    } while (scanner.next_field());
  }
  fields_.resize(count);
  at_ = scanner.place().byte;
  line_ = scanner.place().line;
  if (count != 0 && width_ != 0 && count != width_) {
    fail(fields_[0].line,
         "expected " + std::to_string(width_) + " fields, as in the header, found " + std::to_string(count));
  }
  return count != 0;
}

}  // namespace millrace
