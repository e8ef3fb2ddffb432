// SPDX-License-Identifier: Apache-2.0
#include "topics/csv_rows.hpp"

#include <csv.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <istream>
#include <new>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "millrace/app/bytes_format.hpp"
#include "millrace/common/errors.hpp"

namespace topics {
namespace {

/// Whether the text is a JSON number. "007" and "+1" are none: as numbers, they would lose characters.
bool is_number(const std::string& text) {
  return !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) && text.back() >= '0' &&
         text.back() <= '9' && nlohmann::json::accept(text);
}

}  // namespace

/// Feeds libcsv line by line, so that messages can name the line.
class CsvRows::Parser {
 public:
  explicit Parser(std::istream& text) : text_(text) {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Reads the fields of the next row. Returns false at the end.
  bool next() {
    fields_.clear();
    complete_ = false;
    std::string line;
    while (!complete_) {
      if (!std::getline(text_, line)) {
        if (fields_.empty() && !open_) return false;
        fail("is the last one, but a quoted field does not end");
      }
      ++line_;
      constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
      if (line_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
      line += '\n';
      open_ = true;
      if (csv_parse(&parser_, line.data(), line.size(), &Parser::on_field, &Parser::on_row, this) != line.size()) {
        fail(std::string("is not CSV: ") + csv_strerror(csv_error(&parser_)));
      }
      // An empty line is no row. A row that is not complete has an open quote.
      if (!complete_ && fields_.empty() && line.find_first_not_of(" \t\r\n") == std::string::npos) open_ = false;
    }
    open_ = false;
    return true;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw millrace::StreamsException(fmt::format("line {} {}", line_, why));
  }

  [[nodiscard]] const std::vector<std::string>& fields() const { return fields_; }
  [[nodiscard]] std::uint64_t line() const { return line_; }

  std::vector<std::string> names;

 private:
  static void on_field(void* text, std::size_t size, void* self) {
    static_cast<Parser*>(self)->fields_.emplace_back(static_cast<const char*>(text), size);
  }
  static void on_row(int, void* self) { static_cast<Parser*>(self)->complete_ = true; }

  std::istream& text_;
  csv_parser parser_{};
  std::vector<std::string> fields_;
  bool complete_ = false;
  bool open_ = false;  ///< a row has begun and has not ended
  std::uint64_t line_ = 0;
};

CsvRows::CsvRows(std::istream& text) : parser_(std::make_unique<Parser>(text)) {
  if (!parser_->next()) {
    throw millrace::StreamsException("the input is empty; --format csv needs a line with the names of the columns");
  }
  parser_->names = parser_->fields();
  for (auto name = parser_->names.begin(); name != parser_->names.end(); ++name) {
    if (name->empty()) parser_->fail("has a column without a name; the first line must have the names of the columns");
    if (!simdjson::validate_utf8(*name)) parser_->fail("has the name of a column that is not UTF-8");
    if (std::find(parser_->names.begin(), name, *name) != name) {
      parser_->fail(fmt::format("has the column '{}' twice", *name));
    }
  }
}

CsvRows::~CsvRows() = default;

bool CsvRows::next() {
  if (!parser_->next()) return false;
  if (parser_->fields().size() != parser_->names.size()) {
    parser_->fail(fmt::format("has {} fields, but the header has {}", parser_->fields().size(), parser_->names.size()));
  }
  return true;
}

std::uint64_t CsvRows::line() const { return parser_->line(); }

std::string CsvRows::json_object(const std::optional<std::string>& null_value) const {
  std::string object = "{";
  for (std::size_t i = 0; i < parser_->names.size(); ++i) {
    const auto& field = parser_->fields()[i];
    if (i > 0) object += ',';
    object += millrace::detail::json_string(parser_->names[i]) + ':';
    if (field == null_value) {
      object += "null";
    } else if (field == "true" || field == "false" || is_number(field)) {
      object += field;
    } else if (simdjson::validate_utf8(field)) {
      object += millrace::detail::json_string(field);
    } else {
      parser_->fail(fmt::format("has a field '{}' that is not UTF-8", parser_->names[i]));
    }
  }
  return object + '}';
}

}  // namespace topics
