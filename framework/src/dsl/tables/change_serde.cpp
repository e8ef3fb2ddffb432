// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/tables/change_serde.hpp"

namespace millrace::detail {
namespace {

// Kafka's ByteUtils.readVarint. Returns a zigzag varint and removes it from the front of `bytes`.
std::int32_t read_varint(std::string_view& bytes) {
  std::uint32_t zigzag = 0;
  // Five bytes of 7 bits hold any 32-bit number.
  for (int shift = 0; shift < 35; shift += 7) {
    if (bytes.empty()) break;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    zigzag |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return static_cast<std::int32_t>(zigzag >> 1 ^ (0U - (zigzag & 1U)));
  }
  throw SerializationException("a change of a grouped table begins with a length that does not end");
}

}  // namespace

// Kafka's ByteUtils.writeVarint: 7 bits per byte, lowest bits first. The top bit says that more bytes follow.
void append_varint(std::string& out, std::int32_t value) {
  auto zigzag = static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
  while (zigzag >= 0x80) {
    out.push_back(static_cast<char>(zigzag | 0x80));
    zigzag >>= 7;
  }
  out.push_back(static_cast<char>(zigzag));
}

// Reads what Kafka Streams' ChangedSerializer of any version has written, because a repartition topic can hold records
// from before an upgrade. The views in the result point into `bytes`.
ChangeBytes read_change(std::string_view bytes) {
  if (bytes.empty()) throw SerializationException("a change of a grouped table is empty");
  // The form is the last byte. See ChangeBytes for the forms.
  auto form = static_cast<unsigned char>(bytes.back());
  bytes.remove_suffix(1);
  if (form > 5) {
    throw SerializationException("a change of a grouped table ends with " + std::to_string(form) +
                                 ", which is none of its forms (0 to 5)");
  }
  ChangeBytes result;
  // Forms 3 to 5 are forms 0 to 2 with one more byte.
  if (form >= 3) {
    if (bytes.empty() || static_cast<unsigned char>(bytes.back()) > 1) {
      throw SerializationException("a change of a grouped table does not say whether it is the latest");
    }
    result.is_latest = bytes.back() != 0;
    bytes.remove_suffix(1);
    form -= 3;
  }
  if (form == 0) {
    result.old_value = bytes;
  } else if (form == 1) {
    result.new_value = bytes;
  } else {
    // Both values: the length says where the new value ends.
    const std::int32_t length = read_varint(bytes);
    if (length < 0 || static_cast<std::size_t>(length) > bytes.size()) {
      throw SerializationException("a change of a grouped table is shorter than its new value");
    }
    result.new_value = bytes.substr(0, static_cast<std::size_t>(length));
    result.old_value = bytes.substr(static_cast<std::size_t>(length));
  }
  return result;
}

}  // namespace millrace::detail
