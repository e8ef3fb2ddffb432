// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/serde/csv_reader.hpp"
#include "millrace/serde/detail/json_table.hpp"
#include "millrace/serde/detail/json_type.hpp"

// The part of csv.hpp that does not depend on types, and the checks of types. CSV works from the same tables of fields
// as JSON.
namespace millrace::detail {

/// Throws ConfigException if the delimiter or the quote cannot be used.
void check_csv_options(const CsvOptions& options);

/// Reads one record into the struct at `object`. The fields are in the order of the declaration.
void read_csv(std::string_view bytes, const CsvOptions& options, const JsonType& type, void* object);
/// Appends one record, without a line break at the end. `defaults` returns a struct that has its default values.
void write_csv(std::string& out, const CsvOptions& options, const JsonType& type, const void* object,
               const void* (*defaults)());
/// Appends the names of the fields as a record.
void write_csv_header(std::string& out, const CsvOptions& options, const JsonType& type);

/// Which column of a text belongs to which member of a struct.
class CsvColumns {
 public:
  /// `names`: the header. Columns that the struct does not have are ignored. Throws SerializationException if a
  /// required column is missing, or if two columns have the name of one field of a lenient struct.
  CsvColumns(const std::vector<std::string>& names, const JsonType& type);

  /// Reads a record into the struct at `object`, which has its default values. REQUIRES: `record` has as many fields as
  /// the header.
  void read(std::span<const CsvField> record, void* object) const;

 private:
  std::vector<const JsonField*> fields_;  ///< one per column; null: the struct does not have it
};

/// True if every member of T fits into one field. False if a member is a struct, a list, a map or raw JSON.
template <JsonTabled T>
consteval bool fits_csv() {
  for (const JsonField& field : kTableOf<T>.fields) {
    if (field.structured()) return false;
  }
  return true;
}

/// A T with its default values.
template <class T>
const void* default_record() {
  static const T value{};
  return &value;
}

/// Checks the type of a CSV record.
template <class T>
constexpr bool require_csv() {
  constexpr bool kHasFields = JsonTabled<T>;
  static_assert(kHasFields,
                "a CSV record is a struct whose fields are known: declare them with MILLRACE_JSON(Type, fields...)");
  if constexpr (kHasFields) {
    constexpr bool kFits = fits_csv<T>();
    static_assert(kFits,
                  "a member of this struct is a struct, a list, a map or raw JSON, and a field of CSV can be none of "
                  "them: give the struct only numbers, booleans, text and enums, or use JsonSerde");
    return kFits;
  }
  return false;
}

}  // namespace millrace::detail
