// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <cstring>

#include "csv_fields.hpp"
#include "millrace/serde/detail/csv_io.hpp"
#include "utf8.hpp"

namespace millrace::detail {
namespace {

/// Bytes that suffice for the text of any number. -2.2250738585072014E-308 has 24 characters.
constexpr std::size_t kNumberSize = 40;

/// Java's form of a number, as Double.toString and Float.toString give it since Java 19: at least one digit behind the
/// point; an exponent below 0.001 and from ten million on.
template <class Number>
std::string java_text(Number value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[kNumberSize];
  const auto text = [&buffer](std::to_chars_result result) {
    return std::string(buffer, static_cast<std::size_t>(result.ptr - buffer));
  };
  const Number size = std::abs(value);
  if (size == 0 || (size >= Number(1e-3) && size < Number(1e7))) {
    std::string plain = text(std::to_chars(buffer, buffer + kNumberSize, value, std::chars_format::fixed));
    if (plain.find('.') == std::string::npos) plain += ".0";
    return plain;
  }
  std::string number = text(std::to_chars(buffer, buffer + kNumberSize, value, std::chars_format::scientific));
  // Java always writes two digits, and chooses the two that are closest to the number: 4.9E-324 and not 5.0E-324.
  if (number.find('.') == std::string::npos) {
    number = text(std::to_chars(buffer, buffer + kNumberSize, value, std::chars_format::scientific, 1));
  }
  // to_chars writes at least two digits of the exponent, and a plus.
  const std::size_t e = number.find('e');
  const bool minus = number[e + 1] == '-';
  const std::size_t exponent = number.find_first_not_of('0', e + 2);
  return number.substr(0, e) + (minus ? "E-" : "E") + number.substr(exponent);
}

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

void CsvRecordWriter::write_record(const JsonType& type, const void* object) {
  std::string unused;
  JsonWriter writer(unused, *this);
  for (const JsonField& field : type.fields) {
    begin_field(field);
    if (field.absent != nullptr && field.absent(object)) {
      write_null();
    } else {
      field.write(writer, object);
    }
    if (!has_value_) fail("the JsonCodec of this member has written no value");
  }
}

void CsvRecordWriter::write_header(const JsonType& type) {
  for (const JsonField& field : type.fields) {
    begin_field(field);
    append(field.name);
  }
}

void CsvRecordWriter::write(double value) { append(java_text(value)); }
void CsvRecordWriter::write(float value) { append(java_text(value)); }

void CsvRecordWriter::write(std::string_view text) {
  if (!is_utf8(text)) {
    fail("not UTF-8 from byte " + std::to_string(first_invalid_utf8(text)) + " of '" + excerpt(text) + "'");
  }
  if (text.empty()) check_empty_text();
  append(text);
}

void CsvRecordWriter::check_empty_text() const {
  // As in ksqlDB, an optional member gets null.
  if (field_->optional) return;
  if (field_->required) {
    fail("the text is empty, and CSV reads an empty field as null: declare the member as std::optional or defaulted");
  }
  std::string json;
  JsonWriter writer(json);
  field_->write(writer, defaults_());
  writer.finish();
  if (json != "\"\"") {
    fail("the text is empty, and CSV reads an empty field as the member's default, which is " + excerpt(json, 40) +
         ": declare the member as std::optional");
  }
}

void CsvRecordWriter::write_null() {
  begin_value();
  if (field_->required && !field_->optional) {
    fail("null cannot be written to a member that is neither std::optional nor defaulted");
  }
}

SerializationException CsvRecordWriter::error(const std::string& what) const {
  return SerializationException("CSV: field \"" + std::string(field_->name) + "\", column " + std::to_string(column_) +
                                ": " + what);
}

void CsvRecordWriter::begin_field(const JsonField& field) {
  field_ = &field;
  has_value_ = false;
  if (column_++ != 0) out_ += options_.delimiter;
}

void CsvRecordWriter::begin_value() {
  if (has_value_) fail("the JsonCodec of this member has written more than one value");
  has_value_ = true;
}

void CsvRecordWriter::append(std::string_view text) {
  begin_value();
  if (!needs_quotes(text)) {
    out_ += text;
    return;
  }
  out_ += options_.quote;
  for (char c : text) {
    if (c == options_.quote) out_ += c;
    out_ += c;
  }
  out_ += options_.quote;
}

// The rules of CSVFormat.DEFAULT of Apache Commons CSV 1.4, which ksqlDB uses. Other versions have other rules for the
// first field.
bool CsvRecordWriter::needs_quotes(std::string_view text) const {
  const bool first = column_ == 1;
  if (text.empty()) return first;
  if (first && !is_letter_or_digit(text.front())) return true;
  // Bytes of 0x80 and more are parts of other characters.
  const auto is_up_to = [](char c, char limit) {
    return static_cast<unsigned char>(c) <= static_cast<unsigned char>(limit);
  };
  if (is_up_to(text.front(), '#') || is_up_to(text.back(), ' ')) return true;
  for (char c : text) {
    if (c == options_.delimiter || c == options_.quote || c == '\n' || c == '\r') return true;
  }
  return false;
}

void write_csv(std::string& out, const CsvOptions& options, const JsonType& type, const void* object,
               const void* (*defaults)()) {
  CsvRecordWriter(out, options, defaults).write_record(type, object);
}

void write_csv_header(std::string& out, const CsvOptions& options, const JsonType& type) {
  CsvRecordWriter(out, options, nullptr).write_header(type);
}

}  // namespace millrace::detail
