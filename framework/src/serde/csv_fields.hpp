// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "csv_scanner.hpp"
#include "millrace/serde/detail/json_io.hpp"

namespace millrace::detail {

/// A field of a CSV record that is read into a member of a struct. Lives for one field.
class CsvFieldReader final : public JsonReader {
 public:
  /// `column`: from 1. All views must outlive the object.
  CsvFieldReader(const JsonField& field, std::string_view text, std::size_t column, CsvScanner::Place place)
      : field_(field), text_(text), column_(column), place_(place) {}

  /// Reads the field into the struct at `object`, by the rules for null of csv.hpp.
  void read_into(void* object);

  void read(bool& out) override;
  void read(double& out) override;
  void read(float& out) override;
  void read(std::string& out) override { out.assign(text_); }
  [[nodiscard]] std::int64_t read_integer(std::int64_t min, std::int64_t max) override;
  [[nodiscard]] std::uint64_t read_unsigned(std::uint64_t max) override;
  [[nodiscard]] bool read_null() override { return text_.empty(); }
  [[nodiscard]] std::string_view read_raw() override;
  void read_object(const JsonType& type, void* object) override;
  void read_members(FunctionRef<void(std::string_view name)> read_member) override;
  std::size_t read_elements(FunctionRef<void(std::size_t index)> read_element) override;

 protected:
  [[nodiscard]] SerializationException error(const std::string& what) override;

 private:
  template <class Number>
  void read_floating(Number& out, const char* type);
  template <class Number>
  [[nodiscard]] Number read_whole(Number min, Number max);
  [[noreturn]] void fail_expected(const std::string& expected);

  const JsonField& field_;
  std::string_view text_;
  std::size_t column_;
  CsvScanner::Place place_;
};

/// Appends the fields of one record to a string.
class CsvRecordWriter final : public FieldWriter {
 public:
  /// Returns a struct that has its default values.
  using Defaults = const void* (*)();

  /// `out` must outlive the writer. `defaults`: null if only a header is written.
  CsvRecordWriter(std::string& out, const CsvOptions& options, Defaults defaults)
      : out_(out), options_(options), defaults_(defaults) {}

  void write_record(const JsonType& type, const void* object);
  void write_header(const JsonType& type);

  void write(bool value) override { append(value ? "true" : "false"); }
  void write(double value) override;
  void write(float value) override;
  void write(std::string_view text) override;
  void write_integer(std::int64_t value) override { append(std::to_string(value)); }
  void write_unsigned(std::uint64_t value) override { append(std::to_string(value)); }
  void write_null() override;

 protected:
  [[nodiscard]] SerializationException error(const std::string& what) const override;

 private:
  void begin_field(const JsonField& field);
  /// Throws if the reader of an empty field would get something else.
  void check_empty_text() const;
  /// A field may have one value only.
  void begin_value();
  /// Appends the value of a field, with quotes if it needs them.
  void append(std::string_view text);
  [[nodiscard]] bool needs_quotes(std::string_view text) const;

  std::string& out_;
  const CsvOptions& options_;
  Defaults defaults_;
  const JsonField* field_ = nullptr;  ///< the present one
  std::size_t column_ = 0;            ///< of the present field, from 1
  bool has_value_ = false;            ///< the present field was written
};

}  // namespace millrace::detail
