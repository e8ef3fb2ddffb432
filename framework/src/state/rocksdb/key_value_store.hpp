// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "database_store.hpp"
#include "state/open_walks.hpp"
#include "state/tier/key_value_tier.hpp"

namespace millrace::detail {

/// A key-value store in a column family of the task's database, with an in-memory tier in front. (Kafka Streams:
/// `RocksDBStore`.)
///
/// get() asks the tier first. Writes stay in the tier until the commit, so an aborted transaction costs no RocksDB
/// write. restore() is the exception: it writes to RocksDB directly, because restored records are committed already.
///
/// Used by the thread of the task alone. The database calls the methods of DatabaseStore on the same thread.
class PersistentKeyValueStore final : public KeyValueBytesStore, public DatabaseStore {
 public:
  PersistentKeyValueStore(Registry& registry, StorePlace place, std::string name);
  ~PersistentKeyValueStore() override;

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return true; }

  [[nodiscard]] BytesView get(std::string_view key) override;
  void put(std::string_view key, BytesView value) override;
  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override;
  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override;
  [[nodiscard]] std::uint64_t approximate_num_entries() override;
  void restore(std::span<const RestoreRecord> records) override;

  [[nodiscard]] const std::string& store_name() const override { return name_; }
  [[nodiscard]] std::size_t uncommitted_bytes() const override { return tier_.dirty_bytes(); }
  void write_to(rocksdb::WriteBatch& batch) override;
  void committed() override;
  void discarded() override;
  void wiped() override;

 private:
  class Iterator;

  // Closes the open iterators, which hold RocksDB iterators.
  void release() override;

  std::string name_;
  KeyValueTier tier_;
  // The last value that was too large for the tier. get() returned a view of it, so it lives until the next get().
  rocksdb::PinnableSlice large_value_;
  // The open iterators. They learn of each write before it happens.
  OpenWalks<Iterator> walks_;
};

}  // namespace millrace::detail
