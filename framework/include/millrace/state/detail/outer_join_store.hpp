// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// The unmatched records of a left or outer stream-stream join. They wait here until their windows close. (Kafka
/// Streams: a `ListValueStore` with keys of `TimestampedKeyAndJoinSide`.)
///
///   key    timestamp(8) + side(1) + record key        side: 01 left, 00 right (so right sorts first)
///   value  01 + count(4) + { length(4) + side(1) + record value }
///
/// All integers are big-endian. Records with the same key, side and timestamp share an entry, in order of arrival.
/// Adding a record rewrites the whole entry. Used by the thread of the task alone.
class OuterJoinStore final : public StateStore {
 public:
  explicit OuterJoinStore(std::shared_ptr<KeyValueBytesStore> bytes) : bytes_(std::move(bytes)) {}

  [[nodiscard]] const std::string& name() const override { return bytes_->name(); }
  [[nodiscard]] bool persistent() const override { return bytes_->persistent(); }

  /// `timestamp`: of the record, in ms since the epoch.
  void add(Timestamp timestamp, bool left, std::string_view key, std::string_view value);

  /// Removes all records with this timestamp, side and key. Does nothing if there are none.
  void remove(Timestamp timestamp, bool left, std::string_view key);

  /// An entry with its records, in order of arrival.
  struct Entry {
    Timestamp timestamp = 0;
    bool left = false;
    std::string key;
    std::vector<std::string> values;
  };

  /// Iterates over the entries in order of (timestamp, side, key). The store may be changed during the iteration.
  class Cursor {
   public:
    explicit Cursor(std::unique_ptr<BytesIterator> it) : it_(std::move(it)) {}
    [[nodiscard]] bool valid() const { return it_->valid(); }
    void next() { it_->next(); }
    [[nodiscard]] Entry entry() const;

   private:
    std::unique_ptr<BytesIterator> it_;
  };
  [[nodiscard]] Cursor all() { return Cursor(bytes_->range(std::nullopt, std::nullopt)); }

 private:
  std::string_view make_key(Timestamp timestamp, bool left, std::string_view key);

  std::shared_ptr<KeyValueBytesStore> bytes_;
  std::string key_buffer_;
  std::string value_buffer_;
};

[[nodiscard]] StoreBuilder outer_join_store(std::string name);

}  // namespace millrace::detail
