// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/detail/outer_join_store.hpp"

#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

// The bytes of Kafka Streams' TimestampedKeyAndJoinSide and LeftOrRightValue.
constexpr char kLeft = 1;
constexpr char kRight = 0;
// The first byte of a list serialized by Kafka's ListSerializer: elements have variable size.
constexpr char kVariableSizeList = 1;
// A list: | kind (1) | count (4) | { length (4) | side (1) | value }* |
constexpr std::size_t kCountOffset = 1;
constexpr std::size_t kElementsOffset = 5;

// Appends the lowest `bytes` bytes of `value`, big-endian.
void append_be(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// Throws ProcessorStateException instead of reading beyond the end: the bytes may come from a changelog.
std::uint64_t read_be(std::string_view bytes, std::size_t offset, int count) {
  if (offset + count > bytes.size()) throw ProcessorStateException("an entry of an outer join store is cut short");
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

// Overwrites four bytes in place.
void write_be32(std::string& out, std::size_t offset, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[offset + i] = static_cast<char>(value >> (24 - 8 * i));
}

}  // namespace

// | timestamp (8) | side (1) | record key |. So entries are sorted by time. The view is valid until the next call.
std::string_view OuterJoinStore::make_key(Timestamp timestamp, bool left, std::string_view key) {
  key_buffer_.clear();
  append_be(key_buffer_, static_cast<std::uint64_t>(timestamp), 8);
  key_buffer_.push_back(left ? kLeft : kRight);
  key_buffer_.append(key);
  return key_buffer_;
}

// Records with the same time, side and key share an entry: a list of values in the order of arrival.
void OuterJoinStore::add(Timestamp timestamp, bool left, std::string_view key, std::string_view value) {
  const std::string_view full_key = make_key(timestamp, left, key);
  const BytesView known = bytes_->get(full_key);
  value_buffer_.clear();
  // Append to the list: copy it and increment its count.
  if (known) {
    value_buffer_.append(*known);
    write_be32(value_buffer_, kCountOffset, static_cast<std::uint32_t>(read_be(*known, kCountOffset, 4)) + 1);
  } else {
    value_buffer_.push_back(kVariableSizeList);
    append_be(value_buffer_, 1, 4);
  }
  // An element is the side (1 byte) and the value.
  append_be(value_buffer_, value.size() + 1, 4);
  value_buffer_.push_back(left ? kLeft : kRight);
  value_buffer_.append(value);
  bytes_->put(full_key, std::string_view(value_buffer_));
}

void OuterJoinStore::remove(Timestamp timestamp, bool left, std::string_view key) {
  const std::string_view full_key = make_key(timestamp, left, key);
  // Look first: a delete of a missing key would still write a tombstone to the changelog.
  if (bytes_->get(full_key)) bytes_->put(full_key, std::nullopt);
}

// Copies everything: the caller removes entries while it uses them.
OuterJoinStore::Entry OuterJoinStore::Cursor::entry() const {
  const std::string_view key = it_->key();
  Entry entry;
  entry.timestamp = static_cast<Timestamp>(read_be(key, 0, 8));
  entry.left = read_be(key, 8, 1) == static_cast<std::uint64_t>(kLeft);
  entry.key = key.substr(9);
  const std::string_view value = it_->value();
  const std::uint64_t count = read_be(value, kCountOffset, 4);
  std::size_t offset = kElementsOffset;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t length = read_be(value, offset, 4);
    offset += 4;
    // An element has at least the byte of its side.
    if (length == 0 || offset + length > value.size()) {
      throw ProcessorStateException("an entry of an outer join store is cut short");
    }
    entry.values.emplace_back(value.substr(offset + 1, length - 1));
    offset += length;
  }
  return entry;
}

// A key-value store, which OuterJoinStore wraps. The layers below it log its changes.
StoreBuilder outer_join_store(std::string name) {
  StoreBuilder builder;
  definition_of(builder).spec.name = std::move(name);
  definition_of(builder).wrap = [](ByteStore bytes, const std::string&,
                                   ConfiguredSerdes&) -> std::unique_ptr<StateStore> {
    return std::make_unique<OuterJoinStore>(std::move(bytes.key_value));
  };
  return builder;
}

}  // namespace millrace::detail
