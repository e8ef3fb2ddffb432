// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/serde/detail/json_type.hpp"

namespace millrace {

/// The deepest nesting of objects and arrays, in reading and in writing. Deeper nesting is an error, so no document can
/// exhaust the stack.
inline constexpr std::size_t kMaxJsonDepth = 256;

namespace detail {

/// The position in a document, for error texts, for example "legs[2].price". Does not copy names: they must outlive
/// their step. Recording a step costs a few stores, because it happens for each field of each record.
class JsonPath {
 public:
  /// Goes one level down. Returns false if the document is nested too deeply.
  [[nodiscard]] bool enter() {
    if (depth_ == kMaxJsonDepth) return false;
    steps_[depth_++] = {nullptr, 0, -1};
    return true;
  }
  void leave() { --depth_; }
  /// Sets the member of the current level, which is an object.
  void at_field(std::string_view name) {
    steps_[depth_ - 1].name = name.data();
    steps_[depth_ - 1].name_size = name.size();
  }
  /// Moves to the next element of the current level, which is an array. Returns its index, from 0.
  std::size_t next_index() { return static_cast<std::size_t>(++steps_[depth_ - 1].index); }
  void clear() { depth_ = 0; }

  /// The path as text; empty at the root.
  [[nodiscard]] std::string text() const;

 private:
  struct Step {  // not initialised, so that a document costs only the steps it takes
    const char* name;
    std::size_t name_size;
    std::int64_t index;  // index of an array element; -1: a field, or nothing yet
  };

  std::size_t depth_ = 0;
  std::array<Step, kMaxJsonDepth> steps_;
};

}  // namespace detail

/// The value that is being read. Each value must be read by exactly one call. Lives for one call of a serde, on one
/// thread.
///
/// The format is JSON, or CSV (csv.hpp). A field of CSV has no objects, arrays and raw values: the functions that read
/// them throw.
///
/// A wrong type, a number out of range and broken text throw SerializationException. The message names the field's
/// path, what was found, and the position in bytes.
class JsonReader {
 public:
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // Each of these reads one value of the given type.
  virtual void read(bool& out) = 0;
  virtual void read(double& out) = 0;
  /// Throws if the number does not fit into a float.
  virtual void read(float& out) = 0;
  virtual void read(std::string& out) = 0;
  // Both bounds are inclusive.
  [[nodiscard]] virtual std::int64_t read_integer(std::int64_t min, std::int64_t max) = 0;
  [[nodiscard]] virtual std::uint64_t read_unsigned(std::uint64_t max) = 0;
  /// Reads a string and returns the value of the enumerator with this name.
  [[nodiscard]] std::int64_t read_enum(const JsonEnum& type);

  /// If the value is null, reads it and returns true. Otherwise returns false, and the value must still be read.
  [[nodiscard]] virtual bool read_null() = 0;

  /// The text of the value as written in the document. Valid until reading ends.
  [[nodiscard]] virtual std::string_view read_raw() = 0;

  /// Reads the members of the struct at `object`, which has the given type.
  virtual void read_object(const JsonType& type, void* object) = 0;

  /// Reads an object: calls `read_member` for each member. `read_member` must read the value from this reader. The name
  /// is valid until reading ends.
  virtual void read_members(detail::FunctionRef<void(std::string_view name)> read_member) = 0;

  /// Reads an array: calls `read_element` for each element. `read_element` must read the element from this reader.
  /// Returns the number of elements.
  virtual std::size_t read_elements(detail::FunctionRef<void(std::size_t index)> read_element) = 0;

  /// Throws SerializationException about the current value, or about the last one that was read.
  [[noreturn]] void fail(const std::string& what) { throw error(what); }

 protected:
  JsonReader() = default;
  ~JsonReader() = default;

  /// The exception for fail().
  [[nodiscard]] virtual SerializationException error(const std::string& what) = 0;
};

namespace detail {

/// A field of a format other than JSON that is being written.
class FieldWriter {
 public:
  FieldWriter() = default;
  FieldWriter(const FieldWriter&) = delete;
  FieldWriter& operator=(const FieldWriter&) = delete;

  virtual void write(bool value) = 0;
  virtual void write(double value) = 0;
  virtual void write(float value) = 0;
  virtual void write(std::string_view text) = 0;
  virtual void write_integer(std::int64_t value) = 0;
  virtual void write_unsigned(std::uint64_t value) = 0;
  virtual void write_null() = 0;
  /// Throws SerializationException that names the field.
  [[noreturn]] void fail(const std::string& what) const { throw error(what); }

 protected:
  ~FieldWriter() = default;
  /// The exception for fail().
  [[nodiscard]] virtual SerializationException error(const std::string& what) const = 0;
};

}  // namespace detail

/// Appends JSON text to a string, or writes a field of CSV (csv.hpp). The caller must call the functions in an order
/// that gives valid JSON. A field of CSV has no objects, arrays and raw values: the functions that write them throw.
/// Lives for one call of a serde, on one thread.
///
/// Throws SerializationException for NaN and infinity, for text that is not UTF-8, and for too deep nesting. The
/// message names the field's path. The string may then have a part of the document.
class JsonWriter {
 public:
  /// `out` must outlive the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}
  // For the engine: writes a value to a field of another format. `out` is not used.
  JsonWriter(std::string& out, detail::FieldWriter& field) : out_(out), field_(&field) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  /// Appends the buffered text to the string. Must be called once, at the end.
  void finish() { flush(); }

  void write(bool value);
  /// Writes the shortest text that reads back as the same number, in the layout of nlohmann::json: 1.0, 0.001, 1e+20.
  void write(double value);
  void write(float value);
  void write(std::string_view text);
  void write(const char* text) { write(std::string_view(text)); }
  void write_integer(std::int64_t value);
  void write_unsigned(std::uint64_t value);
  /// Writes the name of the enumerator. Throws if the value is not declared.
  void write_enum(const JsonEnum& type, std::int64_t value);
  void write_null();
  /// Writes `json` unchanged. It must be valid JSON.
  void write_raw(std::string_view json);
  /// Writes the struct at `object` as the table `type` says.
  void write_object(const JsonType& type, const void* object);

  void begin_object();
  /// Writes a member's name. The value must follow.
  void key(std::string_view name);
  void end_object();
  void begin_array();
  /// Must be called before each element of an array.
  void next_element();
  void end_array();

  /// Throws SerializationException that names the current field.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  // Bytes of text on the stack before they go to the string. Most records fit into it.
  static constexpr std::size_t kBufferSize = 1024;

  /// Appends the buffer to the string.
  void flush();
  /// Returns a place for up to `bytes` bytes, which must not exceed kBufferSize. The caller adds what it used to
  /// `used_`.
  char* room(std::size_t bytes) {
    if (used_ + bytes > kBufferSize) flush();
    return buffer_.data() + used_;
  }
  void append(std::string_view text);
  /// Writes text with escapes. Throws if it is not UTF-8.
  void append_escaped(std::string_view text);
  template <class Number>
  void write_floating(Number value);
  void open(char bracket);
  void close(char bracket);
  /// Writes a comma unless this is the first member or element.
  void comma();

  std::string& out_;
  detail::FieldWriter* field_ = nullptr;  // if set, it gets the value; a branch costs less than virtual functions
  std::size_t used_ = 0;                  // bytes in buffer_ that are not yet in out_
  bool first_ = true;                     // nothing was written since the last opening bracket, so no comma is due
  std::array<char, kBufferSize> buffer_;
  detail::JsonPath path_;
};

}  // namespace millrace
