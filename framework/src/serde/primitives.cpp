// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/primitives.hpp"

#include <string>

#include "millrace/common/errors.hpp"
#include "utf8.hpp"

namespace millrace {
namespace detail {
namespace {

/// Replaces the compiler's names of types by the names that users write: std::__cxx11::basic_string<char> becomes
/// std::string.
std::string readable(std::string_view type) {
  std::string text(type);
  constexpr std::string_view kString = "std::__cxx11::basic_string<char>";
  for (std::size_t at = text.find(kString); at != text.npos; at = text.find(kString, at)) {
    text.replace(at, kString.size(), "std::string");
  }
  return text;
}

}  // namespace

// The throw_...() functions are here, so that user files do not compile the messages.
void throw_unexpected_null(std::string_view type) {
  std::string name = readable(type);
  // The usual cause is a tombstone on a stream whose type has no null. So the text says which types allow null.
  throw SerializationException("the key or value is null, but " + name + " has no null: use std::optional<" + name +
                               "> where null is allowed, or Unkeyed for keys that do not matter");
}

void throw_wrong_size(const char* type, std::size_t expected, std::string_view found) {
  // The bytes often tell which serde has written them.
  const std::string shown = found.empty() ? "" : " ('" + excerpt(found) + "')";
  throw SerializationException(std::string(type) + ": expected " + std::to_string(expected) + " bytes, found " +
                               std::to_string(found.size()) + shown + ": was this written with another serde?");
}

// Kafka's BooleanDeserializer accepts the same two bytes only.
void throw_not_a_boolean(std::string_view bytes) {
  if (bytes.size() != 1) throw_wrong_size("Boolean", 1, bytes);
  throw SerializationException("Boolean: expected the byte 0 or 1, found " +
                               std::to_string(static_cast<unsigned char>(bytes[0])) +
                               ": was this written with another serde?");
}

// Java replaces invalid bytes silently. Here they are an error, because text that is read and written must not change.
void require_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return;
  throw SerializationException("String: not UTF-8 from byte " + std::to_string(first_invalid_utf8(bytes)) + " of " +
                               std::to_string(bytes.size()) + " ('" + excerpt(bytes) +
                               "'): read it as millrace::Bytes if it is not text");
}

}  // namespace detail

Void Serde<Void>::deserialize(BytesView bytes) const {
  if (bytes) {
    throw SerializationException("Void: expected null, found " + std::to_string(bytes->size()) +
                                 " bytes: use Unkeyed for keys that do not matter");
  }
  return {};
}

}  // namespace millrace
