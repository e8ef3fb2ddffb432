// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/list.hpp"

#include <string>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

/// All errors of this file mean the same to the user: the bytes are not a list of this kind.
[[noreturn]] void fail(const std::string& what) {
  throw SerializationException("List: " + what + ": was this written with another serde?");
}

}  // namespace

// Reads the head of the format of Kafka's ListSerializer. Entries of constant size: strategy, number of nulls, their
// indexes, size, entries. Entries of variable size: strategy, size, then each entry with its length.
ListReader::ListReader(std::string_view bytes, std::int32_t fixed_size) : bytes_(bytes), fixed_size_(fixed_size) {
  if (bytes_.empty()) fail("no bytes, not even the strategy");
  // Java calls the first byte "strategy": 0 is constant size, 1 is variable size.
  auto strategy = static_cast<unsigned char>(bytes_[0]);
  bytes_.remove_prefix(1);
  if (strategy != (fixed_size_ > 0 ? 0 : 1)) {
    fail("expected entries of " + std::string(fixed_size_ > 0 ? "constant" : "variable") + " size, found strategy " +
         std::to_string(strategy));
  }
  if (fixed_size_ > 0) {
    // The indexes of the nulls come before the entries. next() compares them with its own index.
    std::int32_t count = next_int("number of nulls");
    if (count < 0 || bytes_.size() / 4 < static_cast<std::size_t>(count)) {
      fail("number of nulls is " + std::to_string(count) + " with " + std::to_string(bytes_.size()) + " bytes left");
    }
    for (std::int32_t i = 0; i < count; ++i) {
      std::int32_t index = next_int("index of a null");
      // Ascending indexes allow next() to check only the next one.
      if (index < 0 || (!nulls_.empty() && index <= nulls_.back())) {
        fail("the indexes of nulls do not ascend: " + std::to_string(index));
      }
      nulls_.push_back(index);
    }
  }
  std::int32_t size = next_int("size");
  // The size is checked before anything is allocated: a broken size must not ask for gigabytes. Each entry needs at
  // least this many bytes.
  std::size_t least = fixed_size_ > 0 ? static_cast<std::size_t>(fixed_size_) : 4;
  bool plausible = size >= 0 && nulls_.size() <= static_cast<std::size_t>(size) &&
                   (static_cast<std::size_t>(size) - nulls_.size()) <= bytes_.size() / least &&
                   (nulls_.empty() || nulls_.back() < size);
  if (!plausible) {
    fail("size is " + std::to_string(size) + " with " + std::to_string(nulls_.size()) + " nulls and " +
         std::to_string(bytes_.size()) + " bytes left");
  }
  size_ = static_cast<std::size_t>(size);
}

// nullopt: the entry is null. The view points into the list's bytes. REQUIRES: fewer than size() calls before.
BytesView ListReader::next() {
  std::size_t index = index_++;
  // Entries of constant size have no length in the bytes.
  std::int32_t length = fixed_size_;
  if (fixed_size_ > 0) {
    if (next_null_ < nulls_.size() && static_cast<std::size_t>(nulls_[next_null_]) == index) {
      ++next_null_;
      return std::nullopt;
    }
  } else {
    length = next_int("length of an entry");
    // Java writes -1 for null.
    if (length == -1) return std::nullopt;
  }
  if (length < 0 || static_cast<std::size_t>(length) > bytes_.size()) {
    fail("entry " + std::to_string(index) + " has length " + std::to_string(length) + " with " +
         std::to_string(bytes_.size()) + " bytes left");
  }
  std::string_view entry = bytes_.substr(0, static_cast<std::size_t>(length));
  bytes_.remove_prefix(entry.size());
  return entry;
}

// Bytes after the last entry mean that another serde has written the list.
void ListReader::finish() const {
  if (!bytes_.empty()) fail(std::to_string(bytes_.size()) + " bytes left over after the last entry");
}

std::int32_t ListReader::next_int(const char* what) {
  if (bytes_.size() < 4) fail("ends within the " + std::string(what));
  auto value = static_cast<std::int32_t>(read_big_endian<std::uint32_t>(bytes_.substr(0, 4), "Integer"));
  bytes_.remove_prefix(4);
  return value;
}

// Java's sizes are big-endian ints.
void append_int(std::size_t value, std::string& out) { append_big_endian(static_cast<std::uint32_t>(value), out); }

// Writes a size that is known only after the entries.
void set_int(std::size_t value, std::size_t at, std::string& out) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>(value >> (8 * (3 - i)));
}

// A serde with kFixedSize has written another number of bytes, so no reader could find the next entry.
void throw_not_fixed_size(std::int32_t expected, std::size_t found) {
  throw SerializationException("List: an entry must have " + std::to_string(expected) + " bytes, its serde wrote " +
                               std::to_string(found));
}

}  // namespace millrace::detail
