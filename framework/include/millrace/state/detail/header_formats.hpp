#pragma once

#include <string>
#include <string_view>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

/// The byte layouts of values that are kept with headers, as Kafka Streams has them (KIP-1271). Lengths are zigzag
/// varints of 32 bits, keys UTF-8.
///
///     | size | headers ... | timestamp (8) | value ... |   in a timestamped store with headers
///     | size | headers ... | aggregation ... |             in a session store with headers
///
///     headers: | count | { key length | key ... | value length | value ... } ... |
///
/// `size` is that of the headers; without any it is 0, and there is no count either. A header without value has the
/// length -1. Changelog records have the value alone, the headers as their own, and the timestamp if there is one.
namespace millrace::detail::formats {

/// A value taken apart; the views point into the bytes that it was read from.
struct ValueWithHeaders {
  std::string_view headers;  ///< what decode_headers takes
  std::string_view rest;     ///< with the timestamp, if there is one

  bool operator==(const ValueWithHeaders&) const = default;
};

/// Appends `size` and the headers.
void append_headers(std::string& out, const Headers& headers);

/// Throws SerializationException if the bytes are fewer than the size says.
[[nodiscard]] ValueWithHeaders read_value_with_headers(std::string_view bytes);

/// Throws SerializationException if they are damaged.
[[nodiscard]] Headers decode_headers(std::string_view bytes);

}  // namespace millrace::detail::formats
