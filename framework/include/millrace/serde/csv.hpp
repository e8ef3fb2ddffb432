// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/serde/csv_reader.hpp"
#include "millrace/serde/detail/csv_io.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace {

/// A serde of structs as CSV records: one field per member, without names, in the order of MILLRACE_JSON or, for a
/// plain struct, of its definition. (ksqlDB: `VALUE_FORMAT='DELIMITED'`.) It is no type's default, so pass it:
///
///     builder.stream<std::string, Order>("orders", Consumed().with_value_serde(CsvSerde<Order>()));
///
/// Members  numbers, bool, std::string, enums (MILLRACE_JSON_ENUM), your own types whose JsonCodec reads and writes one
///          number, boolean or text; and std::optional of these. A struct, list or map as a member does not compile.
/// Null     An empty field is null, with quotes or without. It is read as nullopt by an optional member. A member with
///          `defaulted` keeps its default. For any other member it is an error. So CSV cannot tell an empty text from
///          null: std::optional<std::string>("") is read back as nullopt, as in ksqlDB. Any other std::string that
///          is empty can be written only if it is a member with `defaulted` whose default is empty.
/// Lenient  In a `lenient` struct, members are `defaulted` unless they are `required`, and names in headers match in
///          any case (see from_csv_text). Values are read as in other structs.
/// Reading  The rules of CsvReader. Exactly one record, with one field per member. Numbers: decimal, a `+` is allowed;
///          floating-point numbers also NaN and Infinity, and with spaces around them. Booleans: true and false in
///          upper or lower case.
/// Writing  A field has quotes if it contains the delimiter, a quote or a line break; if it begins with a character up
///          to `#` or ends with one up to space; and if it is the first field and is empty text or does not begin with
///          an ASCII letter or digit. All this is as in ksqlDB. Floating-point numbers have Java's form: 1.0, 1.0E10.
/// Errors   SerializationException that names the field, its column, and the line and byte of its begin;
///          ConfigException for bad options, when the serde is made
///
/// Differences from ksqlDB, which accepts bad input silently: it reads other booleans as false, ignores all records
/// behind the first one, replaces bytes that are not UTF-8, and rounds numbers out of range to infinity or 0. Here all
/// of these are errors. Also errors: the Java notations 1d, 1f and 0x1p3. An empty text is one null if the struct has
/// one member; ksqlDB can write this record but not read it.
template <class T>
class CsvSerde {
 public:
  explicit CsvSerde(const CsvOptions& options = {}) : options_(options) {
    static_assert(detail::require_csv<T>());
    detail::check_csv_options(options_);
  }

  void serialize(const T& value, std::string& out) const {
    if constexpr (detail::require_csv<T>()) {
      detail::write_csv(out, options_, detail::json_type_of<T>(), &value, &detail::default_record<T>);
    }
  }

  T deserialize(std::string_view bytes) const {
    T value{};
    if constexpr (detail::require_csv<T>()) detail::read_csv(bytes, options_, detail::json_type_of<T>(), &value);
    return value;
  }

 private:
  CsvOptions options_;
};

/// Writes a T as one CSV record, without a line break at the end. See CsvSerde.
template <class T>
[[nodiscard]] std::string to_csv_string(const T& value, const CsvOptions& options = {}) {
  std::string out;
  CsvSerde<T>(options).serialize(value, out);
  return out;
}

/// Reads a T from one CSV record. See CsvSerde.
template <class T>
[[nodiscard]] T from_csv_string(std::string_view csv, const CsvOptions& options = {}) {
  return CsvSerde<T>(options).deserialize(csv);
}

/// The header of a text with records of T: the names of its fields in JSON, without a line break at the end.
template <class T>
[[nodiscard]] std::string csv_header(const CsvOptions& options = {}) {
  std::string out;
  if constexpr (detail::require_csv<T>()) {
    detail::check_csv_options(options);
    detail::write_csv_header(out, options, detail::json_type_of<T>());
  }
  return out;
}

/// Reads all records of a text whose first record is a header. The header gives the order of the columns by the names
/// of the fields in JSON. Columns that T does not have are ignored. A missing column is an error, unless the member is
/// optional or defaulted. In a `lenient` struct, names match without regard to the case of ASCII letters; if a column
/// has the exact name, it counts, otherwise two columns with the same name are an error. Throws SerializationException,
/// or ConfigException for bad options. See CsvReader and CsvSerde.
template <class T>
[[nodiscard]] std::vector<T> from_csv_text(std::string_view text, const CsvOptions& options = {}) {
  std::vector<T> rows;
  if constexpr (detail::require_csv<T>()) {
    CsvReader reader(text, options);
    const detail::CsvColumns columns(reader.read_header(), detail::json_type_of<T>());
    while (reader.next()) {
      T row{};
      columns.read(reader.fields(), &row);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace millrace
