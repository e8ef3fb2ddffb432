#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/serde/detail/json_type.hpp"

namespace millrace {

/// Deeper nesting is refused, when reading and when writing, so that no document can exhaust the stack.
inline constexpr std::size_t kMaxJsonDepth = 256;

namespace detail {

/// Where in a document the engine is, for error texts: "legs[2].price".
class JsonPath {
 public:
  /// False if the document is nested too deeply.
  [[nodiscard]] bool enter() {
    if (depth_ == kMaxJsonDepth) return false;
    steps_[depth_++] = {nullptr, 0, -1};
    return true;
  }
  void leave() { --depth_; }
  void at_field(std::string_view name) {
    steps_[depth_ - 1].name = name.data();
    steps_[depth_ - 1].name_size = name.size();
  }
  std::size_t next_index() { return static_cast<std::size_t>(++steps_[depth_ - 1].index); }
  void clear() { depth_ = 0; }

  [[nodiscard]] std::string text() const;

 private:
  struct Step {  // without initialisers: a document costs only the steps that it takes
    const char* name;
    std::size_t name_size;
    std::int64_t index;  // of an array's element; -1: a field, or nothing yet
  };

  std::size_t depth_ = 0;
  std::array<Step, kMaxJsonDepth> steps_;
};

}  // namespace detail

/// The value that is being read. Each value must be read by exactly one call; a wrong type, a number out of range,
/// broken JSON: SerializationException naming the field's path, what was found, and where.
class JsonReader {
 public:
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  void read(bool& out);
  void read(double& out);
  void read(float& out);
  void read(std::string& out);
  [[nodiscard]] std::int64_t read_integer(std::int64_t min, std::int64_t max);
  [[nodiscard]] std::uint64_t read_unsigned(std::uint64_t max);
  [[nodiscard]] std::int64_t read_enum(const JsonEnum& type);

  /// True if the value is null, and then it has been read; otherwise it must still be read.
  [[nodiscard]] bool read_null();

  /// The text of the value as it stands in the document; valid until reading ends.
  [[nodiscard]] std::string_view read_raw();

  /// Reads each member of the struct at `object`.
  void read_object(const JsonType& type, void* object);

  /// Calls `read_member` for each member of an object; it reads the value from this reader. The name is valid until
  /// reading ends.
  void read_members(detail::FunctionRef<void(std::string_view name)> read_member);

  /// Calls `read_element` for each element of an array; it reads the element from this reader. Returns their number.
  std::size_t read_elements(detail::FunctionRef<void(std::size_t index)> read_element);

  /// Throws a SerializationException about the value that is being, or was last, read.
  [[noreturn]] void fail(const std::string& what);

 protected:
  JsonReader() = default;
  ~JsonReader() = default;
};

/// Appends JSON text to a string. NaN and infinity, text that is not UTF-8, too deep nesting: SerializationException
/// naming the field's path.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  /// Hands everything over to the string. Must be called once, at the end.
  void finish() { flush(); }

  void write(bool value);
  /// The shortest text that reads back as the same number, laid out as nlohmann::json does: 1.0, 0.001, 1e+20.
  void write(double value);
  void write(float value);
  void write(std::string_view text);
  void write(const char* text) { write(std::string_view(text)); }
  void write_integer(std::int64_t value);
  void write_unsigned(std::uint64_t value);
  void write_enum(const JsonEnum& type, std::int64_t value);
  void write_null();
  /// `json` must be valid JSON.
  void write_raw(std::string_view json);
  void write_object(const JsonType& type, const void* object);

  void begin_object();
  void key(std::string_view name);
  void end_object();
  void begin_array();
  void next_element();
  void end_array();

  [[noreturn]] void fail(const std::string& what) const;

 private:
  static constexpr std::size_t kBufferSize = 1024;

  void flush();
  /// Where up to `bytes`, at most kBufferSize, can be put.
  char* room(std::size_t bytes) {
    if (used_ + bytes > kBufferSize) flush();
    return buffer_.data() + used_;
  }
  void append(std::string_view text);
  void append_escaped(std::string_view text);
  template <class Number>
  void write_floating(Number value);
  void open(char bracket);
  void close(char bracket);
  void comma();

  std::string& out_;
  std::size_t used_ = 0;
  bool first_ = true;  // nothing has been written since the last opening bracket
  std::array<char, kBufferSize> buffer_;
  detail::JsonPath path_;
};

}  // namespace millrace
