// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "csv_fields.hpp"
#include "millrace/serde/detail/csv_io.hpp"
#include "utf8.hpp"

namespace millrace::detail {
namespace {

/// The remedy for an empty field of a member that has no null.
constexpr const char* kNullRemedy = "declare the member as std::optional or defaulted";

/// True if the text is `word`, which is in lower case, in any case.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

/// As Java's String.trim.
std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The column of a field of a lenient struct whose exact name no column has.
std::vector<std::string>::const_iterator find_ignoring_case(const std::vector<std::string>& names,
                                                            const JsonField& field, const JsonType& type) {
  const auto is_name = [&field](const std::string& name) { return equal_ignoring_case(name, field.name); };
  const auto found = std::find_if(names.begin(), names.end(), is_name);
  if (found == names.end()) return found;
  if (const auto other = std::find_if(found + 1, names.end(), is_name); other != names.end()) {
    throw SerializationException("CSV: the columns \"" + *found + "\" and \"" + *other +
                                 "\" of the header are both \"" + std::string(field.name) + "\" of " +
                                 std::string(type.name));
  }
  return found;
}

}  // namespace

void CsvFieldReader::read_into(void* object) {
  if (text_.empty() && !field_.optional) {
    // The member keeps its default.
    if (!field_.required) return;
    fail(std::string("the field is empty, which is null: ") + kNullRemedy);
  }
  field_.read(*this, object);
}

void CsvFieldReader::read(bool& out) {
  out = is_word(text_, "true");
  if (!out && !is_word(text_, "false")) fail_expected("true or false");
}

template <class Number>
void CsvFieldReader::read_floating(Number& out, const char* type) {
  const std::string_view number = trimmed(text_);
  std::string_view digits = number;
  const bool minus = digits.starts_with('-');
  if (minus || digits.starts_with('+')) digits.remove_prefix(1);
  // from_chars has other words than Java, so they are read here.
  if (digits == "NaN" || digits == "Infinity") {
    out = digits == "NaN" ? std::numeric_limits<Number>::quiet_NaN() : std::numeric_limits<Number>::infinity();
    if (minus) out = -out;
    return;
  }
  const bool is_number = !digits.empty() && ((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.');
  if (!is_number) fail_expected("a number");
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (status == std::errc::result_out_of_range) fail_expected(std::string("a number within the range of ") + type);
  if (status != std::errc() || end != digits.data() + digits.size()) fail_expected("a number");
  if (minus) out = -out;
}

void CsvFieldReader::read(double& out) { read_floating(out, "double"); }
void CsvFieldReader::read(float& out) { read_floating(out, "float"); }

template <class Number>
Number CsvFieldReader::read_whole(Number min, Number max) {
  std::string_view digits = text_;
  // from_chars knows no plus.
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  Number number = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (status != std::errc() || end != digits.data() + digits.size() || number < min || number > max) {
    fail_expected("an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return number;
}

std::int64_t CsvFieldReader::read_integer(std::int64_t min, std::int64_t max) { return read_whole(min, max); }
std::uint64_t CsvFieldReader::read_unsigned(std::uint64_t max) { return read_whole(std::uint64_t{0}, max); }

// CsvSerde refuses such members when it is compiled. These functions are reached by a codec of the user only.
std::string_view CsvFieldReader::read_raw() { fail("raw JSON cannot be read from a field of CSV"); }
void CsvFieldReader::read_object(const JsonType& /*type*/, void* /*object*/) {
  fail("an object cannot be read from a field of CSV");
}
void CsvFieldReader::read_members(FunctionRef<void(std::string_view)> /*read_member*/) {
  fail("an object cannot be read from a field of CSV");
}
std::size_t CsvFieldReader::read_elements(FunctionRef<void(std::size_t)> /*read_element*/) {
  fail("an array cannot be read from a field of CSV");
}

void CsvFieldReader::fail_expected(const std::string& expected) {
  fail("expected " + expected + ", found '" + excerpt(text_, 40) + "'");
}

SerializationException CsvFieldReader::error(const std::string& what) {
  return SerializationException("CSV: field \"" + std::string(field_.name) + "\", column " + std::to_string(column_) +
                                ", line " + std::to_string(place_.line) + ", byte " + std::to_string(place_.byte) +
                                ": " + what);
}

void read_csv(std::string_view bytes, const CsvOptions& options, const JsonType& type, void* object) {
  const auto fail = [&](const std::string& what) {
    throw SerializationException("CSV: " + what + ", in '" + excerpt(bytes) + "'");
  };
  if (const std::size_t invalid = first_invalid_utf8(bytes); invalid < bytes.size()) {
    fail("not UTF-8, at byte " + std::to_string(invalid));
  }
  // The fields are counted first: if one is missing, the fields behind it have wrong values.
  std::size_t count = 0;
  CsvScanner counter(bytes, options);
  if (counter.next_record()) {
    do ++count;
    while (counter.next_field());
    if (counter.next_record()) {
      fail("expected one record, found another one at line " + std::to_string(counter.field_place().line));
    }
  }
  const std::size_t expected = type.fields.size();
  // The record of one null.
  if (bytes.empty() && expected == 1) {
    CsvFieldReader(type.fields[0], bytes, 1, {}).read_into(object);
    return;
  }
  if (count != expected) {
    fail("expected " + std::to_string(expected) + " fields, one for each member of " + std::string(type.name) +
         ", found " + std::to_string(count));
  }
  CsvScanner scanner(bytes, options);
  std::size_t column = 0;
  bool more = scanner.next_record();
  for (const JsonField& field : type.fields) {
    if (more) CsvFieldReader(field, scanner.field(), ++column, scanner.field_place()).read_into(object);
    more = scanner.next_field();
  }
}

CsvColumns::CsvColumns(const std::vector<std::string>& names, const JsonType& type) : fields_(names.size()) {
  for (const JsonField& field : type.fields) {
    auto found = std::find(names.begin(), names.end(), field.name);
    if (type.lenient && found == names.end()) found = find_ignoring_case(names, field, type);
    if (found != names.end()) {
      fields_[static_cast<std::size_t>(found - names.begin())] = &field;
    } else if (field.required) {
      throw SerializationException("CSV: the header has no column \"" + std::string(field.name) + "\", which " +
                                   std::string(type.name) + " needs: add the column" +
                                   (field.always_required ? "" : std::string(", or ") + kNullRemedy));
    }
  }
}

void CsvColumns::read(std::span<const CsvField> record, void* object) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i] == nullptr) continue;
    CsvFieldReader(*fields_[i], record[i].text, i + 1, {record[i].byte, record[i].line}).read_into(object);
  }
}

}  // namespace millrace::detail
