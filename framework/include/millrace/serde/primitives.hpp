// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "millrace/common/bytes.hpp"
#include "millrace/serde/serde.hpp"

// The serdes of the simple types. The bytes equal those of Kafka's Java serdes (org.apache.kafka.common.serialization).
namespace millrace {

/// A key or value that is always null. (Kafka: the Void serde.)
using Void = std::monostate;

namespace detail {

/// The types of Kafka's Short, Integer and Long serdes. Kafka has no unsigned serdes, so Millrace has none either.
template <class T>
concept KafkaInteger = std::signed_integral<T> &&(sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8) &&
                       !std::same_as<T, wchar_t>;

// These throw SerializationException. They are not inline, to keep the serdes small.
[[noreturn]] void throw_wrong_size(const char* type, std::size_t expected, std::string_view found);
[[noreturn]] void throw_not_a_boolean(std::string_view bytes);

/// Throws SerializationException that names the first bad byte if `bytes` are not valid UTF-8.
void require_utf8(std::string_view bytes);

template <std::unsigned_integral U>
void append_big_endian(U bits, std::string& out) {
  char bytes[sizeof(U)];
  for (std::size_t i = 0; i < sizeof(U); ++i) bytes[i] = static_cast<char>(bits >> (8 * (sizeof(U) - 1 - i)));
  out.append(bytes, sizeof(U));
}

/// Throws SerializationException that names `type` if the size is wrong.
template <std::unsigned_integral U>
U read_big_endian(std::string_view bytes, const char* type) {
  if (bytes.size() != sizeof(U)) throw_wrong_size(type, sizeof(U), bytes);
  std::uint64_t bits = 0;
  // The cast to unsigned char matters: char may be signed.
  for (char byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  return static_cast<U>(bits);
}

}  // namespace detail

/// Text as UTF-8, without a length. Reading checks the encoding; writing does not.
template <>
struct Serde<std::string> {
  void serialize(const std::string& value, std::string& out) const { out.append(value); }
  std::string deserialize(std::string_view bytes) const {
    detail::require_utf8(bytes);
    return std::string(bytes);
  }
};

/// Short, Integer and Long: two's complement, big-endian.
template <detail::KafkaInteger T>
struct Serde<T> {
  static constexpr std::int32_t kFixedSize = sizeof(T);

  void serialize(const T& value, std::string& out) const {
    detail::append_big_endian(static_cast<std::make_unsigned_t<T>>(value), out);
  }
  T deserialize(std::string_view bytes) const {
    constexpr const char* kName = sizeof(T) == 2 ? "Short" : sizeof(T) == 4 ? "Integer" : "Long";
    return static_cast<T>(detail::read_big_endian<std::make_unsigned_t<T>>(bytes, kName));
  }
};

/// IEEE 754, big-endian, with the bits unchanged, also for NaN. (Java: floatToRawIntBits.)
template <>
struct Serde<float> {
  static constexpr std::int32_t kFixedSize = 4;

  void serialize(const float& value, std::string& out) const {
    detail::append_big_endian(std::bit_cast<std::uint32_t>(value), out);
  }
  float deserialize(std::string_view bytes) const {
    return std::bit_cast<float>(detail::read_big_endian<std::uint32_t>(bytes, "Float"));
  }
};

/// IEEE 754, big-endian. Every NaN is written as the canonical NaN. (Java: doubleToLongBits.)
template <>
struct Serde<double> {
  static constexpr std::int32_t kFixedSize = 8;

  void serialize(const double& value, std::string& out) const {
    constexpr std::uint64_t kCanonicalNan = 0x7ff8000000000000;
    detail::append_big_endian(value != value ? kCanonicalNan : std::bit_cast<std::uint64_t>(value), out);
  }
  double deserialize(std::string_view bytes) const {
    return std::bit_cast<double>(detail::read_big_endian<std::uint64_t>(bytes, "Double"));
  }
};

/// One byte: 01 for true, 00 for false. Reading anything else throws.
template <>
struct Serde<bool> {
  void serialize(const bool& value, std::string& out) const { out.push_back(value ? '\1' : '\0'); }
  bool deserialize(std::string_view bytes) const {
    if (bytes.size() != 1 || static_cast<unsigned char>(bytes[0]) > 1) detail::throw_not_a_boolean(bytes);
    return bytes[0] == '\1';
  }
};

/// The bytes unchanged. (Kafka: the ByteArray and Bytes serdes.)
template <>
struct Serde<Bytes> {
  void serialize(const Bytes& value, std::string& out) const { out.append(value.view()); }
  Bytes deserialize(std::string_view bytes) const { return Bytes(bytes); }
};

/// Always null. Reading anything else throws.
template <>
struct Serde<Void> {
  bool serialize(const Void& /*value*/, std::string& /*out*/) const { return false; }
  Void deserialize(BytesView bytes) const;
};

}  // namespace millrace
