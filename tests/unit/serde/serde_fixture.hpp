// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "hex.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace::test {

/// The bytes of `value` in its default serde. nullopt: Kafka's null.
template <class T>
std::optional<std::string> encode(const T& value, const AnySerde<T>& serde = {}) {
  std::string out;
  bool present = serde.serialize("topic", value, out);
  if (!present) BOOST_TEST(out.empty());
  return present ? std::optional(out) : std::nullopt;
}

template <class T>
std::string encode_hex(const T& value) {
  auto bytes = encode(value);
  return bytes ? to_hex(*bytes) : "null";
}

template <class T>
T decode(BytesView bytes, const AnySerde<T>& serde = {}) {
  return serde.deserialize("topic", bytes);
}

template <class T>
T decode_hex(std::string_view hex) {
  return decode<T>(from_hex(hex));
}

/// The text of the SerializationException that `action` throws. Fails the test if it throws none.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const SerializationException& error) {
    return error.what();
  }
  BOOST_ERROR("expected a SerializationException");
  return "";
}

template <class T>
std::string decode_error(BytesView bytes) {
  return error_of([&] { (void)decode<T>(bytes); });
}

}  // namespace millrace::test
