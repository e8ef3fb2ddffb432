// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/serde/detail/json_io.hpp"

namespace millrace::detail {

/// The parser and the padded copy of the input. Each thread reuses one object for all its documents, so that reading a
/// record allocates nothing (see BorrowedBuffers in json_reader.cpp).
struct JsonBuffers {
  simdjson::ondemand::parser parser;
  std::unique_ptr<char[]> padded;
  std::size_t capacity = 0;  // bytes of `padded`, without the padding
  bool in_use = false;       // by a document further up the call stack
};

/// A JSON document that is being read. Lives for one call of read_json(). Used by one thread.
///
/// simdjson's on-demand parser reads values in the order in which they are asked for. So a value must be read before
/// the next one, and only once.
class JsonDocument final : public JsonReader {
 public:
  explicit JsonDocument(JsonBuffers& buffers) : buffers_(buffers) {}

  /// Copies the bytes and finds their structure. Checks that all of them are UTF-8. Syntax inside values is checked
  /// when they are read.
  void open(std::string_view bytes) { open(bytes, false); }
  /// Throws if anything but white space follows the root. Call this after the root was read.
  void finish();

  /// Reads a whole document, whose root may also be a scalar: open(), `read` with the reader at the root, finish().
  void read_root(std::string_view bytes, FunctionRef<void(JsonReader&)> read);

  /// The current value as an object or array. Throws if it is something else.
  [[nodiscard]] simdjson::ondemand::object object();
  [[nodiscard]] simdjson::ondemand::array array();

  /// Reads the current value as a bool, double, std::int64_t, std::uint64_t or std::string_view.
  template <class T>
  [[nodiscard]] simdjson::error_code scalar(T& out) {
    // The root is an object or an array, see read_root().
    if (value == nullptr) [[unlikely]]
      return simdjson::INCORRECT_TYPE;
    return value->get<T>().get(out);
  }

  void read(bool& out) override;
  void read(double& out) override;
  void read(float& out) override;
  void read(std::string& out) override;
  [[nodiscard]] std::int64_t read_integer(std::int64_t min, std::int64_t max) override;
  [[nodiscard]] std::uint64_t read_unsigned(std::uint64_t max) override;
  [[nodiscard]] bool read_null() override;
  [[nodiscard]] std::string_view read_raw() override;
  void read_object(const JsonType& type, void* object) override;
  void read_members(FunctionRef<void(std::string_view name)> read_member) override;
  std::size_t read_elements(FunctionRef<void(std::size_t index)> read_element) override;
  [[nodiscard]] SerializationException error(const std::string& what) override;

  // These functions throw SerializationException.

  /// Something that is not white space follows the root.
  [[noreturn]] void fail_trailing();

  /// The current value does not have the type `expected`, or is broken.
  [[noreturn]] void fail_value(simdjson::error_code error, const std::string& expected);
  /// The text between two values is broken.
  [[noreturn]] void fail_syntax(simdjson::error_code error);
  /// A required field of `type` is missing.
  [[noreturn]] void fail_missing(const JsonType& type, const JsonField& field);
  /// Any other problem. `position` points into the document, or is null if it is not known.
  [[noreturn]] void fail_at(const char* position, const std::string& what) const { throw error_at(position, what); }
  [[nodiscard]] SerializationException error_at(const char* position, const std::string& what) const;

  /// The text of the current value if it is a scalar; otherwise its opening bracket.
  [[nodiscard]] std::string_view token();

  /// Goes one level down. Throws if the document is nested too deeply.
  void enter();

  /// The current value. Points to a local variable of the loop that iterates; nullptr means a root that is an object or
  /// an array. A pointer, because copying a simdjson value costs a store-forwarding stall: three copies double the time
  /// per document.
  simdjson::ondemand::value* value = nullptr;
  /// Whether the struct that is being read is lenient: then values of other types are converted.
  bool lenient = false;
  /// Where the current value is, for error texts.
  JsonPath path;

 private:
  /// `in_array`: encloses the copy in square brackets, which text_ does not contain.
  void open(std::string_view bytes, bool in_array);
  /// The beginning of an error text: names the field if there is one.
  [[nodiscard]] std::string subject() const;

  JsonBuffers& buffers_;
  std::string_view text_;  // the padded copy
  simdjson::ondemand::document document_;
};

}  // namespace millrace::detail
