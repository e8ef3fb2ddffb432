#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/serde/csv_reader.hpp"
#include "millrace/serde/detail/json_declared.hpp"
#include "millrace/serde/detail/json_type.hpp"

// The part of csv.hpp that does not depend on types. Like JSON, it works from the tables of MILLRACE_JSON.
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
  /// required column is missing.
  CsvColumns(const std::vector<std::string>& names, const JsonType& type);

  /// Reads a record into the struct at `object`, which has its default values. REQUIRES: `record` has as many fields as
  /// the header.
  void read(std::span<const CsvField> record, void* object) const;

 private:
  std::vector<const JsonField*> fields_;  ///< one per column; null: the struct does not have it
};

/// True if every member of T fits into one field. False if a member is a struct, a list, a map or raw JSON.
template <JsonDeclared T>
consteval bool fits_csv() {
  for (const JsonField& field : millrace_json_fields(static_cast<const T*>(nullptr))) {
    if (field.structured) return false;
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
  constexpr bool kDeclared = JsonDeclared<T>;
  static_assert(kDeclared, "a CSV record is a struct: declare its fields with MILLRACE_JSON(Type, fields...)");
  if constexpr (kDeclared) {
    constexpr bool kFits = fits_csv<T>();
    static_assert(kFits,
                  "a member of this struct is a struct, a list, a map or raw JSON, and a field of CSV can be none of "
                  "them: give the struct only numbers, booleans, text and enums, or use JsonSerde");
    return kFits;
  }
  return false;
}

}  // namespace millrace::detail
