#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>

#include "millrace/serde/detail/json_io.hpp"

namespace millrace::detail {

/// Parser and padded copy of the input, kept from document to document.
struct JsonBuffers {
  simdjson::ondemand::parser parser;
  std::unique_ptr<char[]> padded;
  std::size_t capacity = 0;  // of `padded`, without the padding
  bool in_use = false;       // by a document further up the stack
};

/// One document being read: what JsonReader is in truth.
class JsonDocument final : public JsonReader {
 public:
  explicit JsonDocument(JsonBuffers& buffers) : buffers_(buffers) {}

  /// Copies the bytes and finds their structure. Checks the encoding of all of it.
  void open(std::string_view bytes);
  /// Throws if anything but whitespace follows the root.
  void finish();

  [[nodiscard]] simdjson::ondemand::object object();
  [[nodiscard]] simdjson::ondemand::array array();

  /// The value has another type than `expected`, or is broken.
  [[noreturn]] void fail_value(simdjson::error_code error, const std::string& expected);
  /// The text between values is broken.
  [[noreturn]] void fail_syntax(simdjson::error_code error);
  [[noreturn]] void fail_missing(const JsonType& type, const JsonField& field);
  [[noreturn]] void fail_at(const char* position, const std::string& what) const;

  /// The text of the current value, if it is a scalar; otherwise its opening bracket.
  [[nodiscard]] std::string_view token();

  void enter();

  /// The current value, a local of whoever iterates; nullptr: the document itself. A pointer, because copying a
  /// simdjson value costs a store-forwarding stall, and that is felt: three of them double the time per document.
  simdjson::ondemand::value* value = nullptr;
  JsonPath path;

 private:
  [[nodiscard]] std::string subject() const;

  JsonBuffers& buffers_;
  std::string_view text_;  // the padded copy
  simdjson::ondemand::document document_;
};

}  // namespace millrace::detail
