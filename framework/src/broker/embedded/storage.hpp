#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/embedded/directory_lock.hpp"
#include "broker/embedded/format.hpp"
#include "broker/embedded/page.hpp"

namespace millrace::detail::embedded {

/// The RocksDB database of one broker directory. Thread-safe.
///
/// A write that returned is in the write-ahead log, which the kernel has: it survives the end of this process,
/// however violent. It is not forced to the disk, so the machine losing power may cost the last seconds (Kafka's
/// default on one machine is the same).
class Storage {
 public:
  /// Opens or makes the database. Throws LockException, or StreamsException if it cannot be opened.
  explicit Storage(const std::filesystem::path& directory);

  /// Collects changes that are written all together.
  class Changes {
   public:
    explicit Changes(Storage& storage) : storage_(storage) {}
    void put(const std::string& key, const std::string& value);
    void erase(const std::string& key);
    void put_batch(std::uint32_t topic_id, std::int32_t partition, std::int64_t base_offset, const std::string& batch);
    void erase_batch(std::uint32_t topic_id, std::int32_t partition, std::int64_t base_offset);
    /// Deletes the batches whose base offset is in [from, to).
    void erase_batches(std::uint32_t topic_id, std::int32_t partition, std::int64_t from, std::int64_t to);
    [[nodiscard]] bool empty() const { return batch_.Count() == 0; }
    [[nodiscard]] std::size_t bytes() const { return batch_.GetDataSize(); }
    /// Throws BrokerException (fatal) if the disk does not take it.
    void write();

   private:
    Storage& storage_;
    rocksdb::WriteBatch batch_;
  };

  [[nodiscard]] std::optional<std::string> get(const std::string& key) const;
  /// Visits every bookkeeping entry whose key starts with `prefix`, in key order.
  void for_each(const std::string& prefix,
                const std::function<void(std::string_view key, std::string_view value)>& visit) const;

  /// Reads the batches of one partition in offset order, starting with the one that holds `offset` (or the next if
  /// none does), until `visit` returns false. Sees the database as it is at the call.
  void read_batches(std::uint32_t topic_id, std::int32_t partition, std::int64_t offset,
                    const std::function<bool(PagePtr page)>& visit) const;

  /// The last batch of a partition, or null.
  [[nodiscard]] PagePtr last_batch(std::uint32_t topic_id, std::int32_t partition) const;

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  [[noreturn]] void fail(const std::string& doing, const rocksdb::Status& status) const;

  std::string directory_;
  DirectoryLock lock_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> meta_;  // freed before db_
  std::unique_ptr<rocksdb::ColumnFamilyHandle> log_;
};

}  // namespace millrace::detail::embedded
