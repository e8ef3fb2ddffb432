// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

/// The byte layouts of values with headers, as in Kafka Streams (KIP-1271). Lengths and counts are zigzag varints of 32
/// bits. Header keys are UTF-8.
///
///     | size | headers ... | timestamp (8) | value ... |   in a timestamped store with headers
///     | size | headers ... | aggregation ... |             in a session store with headers
///
///     headers: | count | { key length | key ... | value length | value ... } ... |
///
/// `size` is the number of bytes of the headers, count included. Without headers `size` is 0 and there is no count. A
/// header without a value has the value length -1. A changelog record has the bare value. The headers and the timestamp
/// become the record's own.
namespace millrace::detail::formats {

/// The parts of a value with headers. The views refer to the bytes that were read.
struct ValueWithHeaders {
  std::string_view headers;  ///< the input of decode_headers()
  std::string_view rest;     ///< the value, with the timestamp in front if the format has one

  bool operator==(const ValueWithHeaders&) const = default;
};

/// Appends `size` and the headers to `out`.
void append_headers(std::string& out, const Headers& headers);

/// Throws SerializationException if there are fewer bytes than `size` says.
[[nodiscard]] ValueWithHeaders read_value_with_headers(std::string_view bytes);

/// Throws SerializationException if the bytes are damaged.
[[nodiscard]] Headers decode_headers(std::string_view bytes);

}  // namespace millrace::detail::formats
