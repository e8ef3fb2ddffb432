// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "millrace/common/errors.hpp"

/// Encoding and decoding of the integers and strings that format.hpp uses.
namespace millrace::detail::embedded::wire {

static_assert(std::endian::native == std::endian::little, "the embedded broker's format is written for little-endian");

/// Throws BrokerException (fatal) because stored bytes make no sense. `what` names them, for example "a batch header".
[[noreturn]] inline void throw_corrupt(std::string_view what) {
  throw BrokerException(BrokerException::Severity::fatal,
                        "embedded broker: " + std::string(what) +
                            " is damaged; restore the broker's directory from a copy or start with an empty one");
}

// Big-endian integers at any address, aligned or not.
inline void store_u32(char* to, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(to, &value, sizeof value);
}
inline void store_u64(char* to, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
}
inline std::uint32_t load_u32(const char* from) {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return __builtin_bswap32(value);
}
inline std::uint64_t load_u64(const char* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return __builtin_bswap64(value);
}

// Zigzag maps small negative numbers to small unsigned numbers, so that their varint is short.
inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// The longest varint: 64 bits in groups of 7.
inline constexpr std::size_t kMaxVarintBytes = 10;

/// Writes a varint and returns the position after it. `to` must have room for kMaxVarintBytes.
inline char* write_varint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

/// Appends values to a string. The string must outlive the writer.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& u8(std::uint8_t value) {
    out_.push_back(static_cast<char>(value));
    return *this;
  }
  Writer& u32(std::uint32_t value) {
    char bytes[4];
    store_u32(bytes, value);
    out_.append(bytes, sizeof bytes);
    return *this;
  }
  Writer& u64(std::uint64_t value) {
    char bytes[8];
    store_u64(bytes, value);
    out_.append(bytes, sizeof bytes);
    return *this;
  }
  /// A u32 length and the bytes.
  Writer& string(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
    return *this;
  }

 private:
  std::string& out_;
};

/// Reads values from front to back. Does not copy: the bytes must outlive the reader and the views that it returns.
/// Reading past the end throws BrokerException (fatal) that names `what`.
class Reader {
 public:
  Reader(std::string_view bytes, std::string_view what) : at_(bytes.data()), end_(at_ + bytes.size()), what_(what) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(*take(1)); }
  std::uint32_t u32() { return load_u32(take(4)); }
  std::uint64_t u64() { return load_u64(take(8)); }
  std::string string() {
    const std::uint32_t size = u32();
    return {take(size), size};
  }
  /// A varint of more than 64 bits is damaged data.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(*take(1));
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw_corrupt(what_);
  }
  std::string_view bytes(std::size_t size) { return {take(size), size}; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] const char* position() const { return at_; }

 private:
  /// The next `size` bytes. All reading goes through this check.
  const char* take(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) throw_corrupt(what_);
    const char* taken = at_;
    at_ += size;
    return taken;
  }

  const char* at_;
  const char* end_;
  std::string_view what_;
};

}  // namespace millrace::detail::embedded::wire
