// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/detail/header_formats.hpp"

#include <cstdint>
#include <optional>

#include "millrace/common/errors.hpp"

namespace millrace::detail::formats {
// The encoding of headers that Kafka Streams uses for stores with headers. Layout:
// millrace/state/detail/header_formats.hpp.
namespace {

/// The length that stands for "this header has no value".
constexpr std::int32_t kNull = -1;

/// Zigzag maps small negative numbers to small unsigned numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
[[nodiscard]] std::uint32_t zigzag(std::int32_t value) {
  return static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
}

/// The size in bytes of the varint of `value`: 1 to 5.
[[nodiscard]] std::size_t varint_bytes(std::int32_t value) {
  std::size_t bytes = 1;
  for (std::uint32_t rest = zigzag(value); rest >= 0x80; rest >>= 7) ++bytes;
  return bytes;
}

/// Appends `value` as a zigzag varint: 7 bits per byte, lowest bits first; the top bit says that more bytes follow.
/// REQUIRES: `value` fits into 31 bits, as Kafka's own lengths do.
void append_varint(std::string& out, std::size_t value) {
  std::uint32_t rest = zigzag(static_cast<std::int32_t>(value));
  for (; rest >= 0x80; rest >>= 7) out.push_back(static_cast<char>(rest | 0x80));
  out.push_back(static_cast<char>(rest));
}

[[noreturn]] void damaged() { throw SerializationException("the headers of a stored value are damaged"); }

/// Reads one varint and removes it from the front of `bytes`. Throws SerializationException if it is cut off.
[[nodiscard]] std::int32_t take_varint(std::string_view& bytes) {
  // Five bytes of 7 bits hold any 32-bit number. A longer varint is damaged.
  std::uint32_t bits = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    bits |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return static_cast<std::int32_t>(bits >> 1 ^ (0U - (bits & 1U)));
  }
  damaged();
}

/// Returns the first `length` bytes and removes them from the front of `bytes`. Throws SerializationException if there
/// are fewer bytes, or if `length` is negative.
[[nodiscard]] std::string_view take(std::string_view& bytes, std::int32_t length) {
  if (length < 0 || static_cast<std::size_t>(length) > bytes.size()) damaged();
  const auto taken = bytes.substr(0, static_cast<std::size_t>(length));
  bytes.remove_prefix(taken.size());
  return taken;
}

[[nodiscard]] std::size_t length_and_bytes(const std::string& text) {
  return varint_bytes(static_cast<std::int32_t>(text.size())) + text.size();
}

}  // namespace

void append_headers(std::string& out, const Headers& headers) {
  // No headers: only the size 0, without a count. This is the form that Kafka Streams writes.
  if (headers.empty()) {
    append_varint(out, 0);
    return;
  }
  // The total size comes first, so compute it before writing anything.
  std::size_t size = varint_bytes(static_cast<std::int32_t>(headers.size()));
  for (const Header& header : headers) {
    size += length_and_bytes(header.key) + (header.value ? length_and_bytes(*header.value) : varint_bytes(kNull));
  }
  append_varint(out, size);
  append_varint(out, headers.size());
  for (const Header& header : headers) {
    append_varint(out, header.key.size());
    out.append(header.key);
    if (header.value) {
      append_varint(out, header.value->size());
      out.append(*header.value);
    } else {
      out.push_back(static_cast<char>(zigzag(kNull)));
    }
  }
}

ValueWithHeaders read_value_with_headers(std::string_view bytes) {
  ValueWithHeaders read;
  read.headers = take(bytes, take_varint(bytes));
  read.rest = bytes;
  return read;
}

Headers decode_headers(std::string_view bytes) {
  Headers headers;
  if (bytes.empty()) return headers;
  for (std::int32_t count = take_varint(bytes); count > 0; --count) {
    std::string key(take(bytes, take_varint(bytes)));
    const std::int32_t length = take_varint(bytes);
    headers.add(std::move(key), length == kNull ? std::nullopt : std::optional<std::string>(take(bytes, length)));
  }
  return headers;
}

}  // namespace millrace::detail::formats
