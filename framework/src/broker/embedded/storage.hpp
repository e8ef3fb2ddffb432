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

/// The RocksDB database of one broker directory. Owned by Core. Thread-safe.
///
/// Durability: when write() returns, the data is in RocksDB's write-ahead log and the kernel has it. The data survives
/// every end of this process, including `kill -9`. It is not forced to the disk, so a power failure may cost the last
/// seconds. Kafka's defaults on one machine promise the same.
class Storage {
 public:
  /// Opens the database and creates it if it is missing. Throws LockException if another process has the directory
  /// open, and StreamsException if the database cannot be opened or has another format version.
  explicit Storage(const std::filesystem::path& directory);

  /// Whether the directory has a database. Creates nothing.
  [[nodiscard]] static bool exists(const std::filesystem::path& directory);

  /// Collects changes. write() stores all of them in one atomic write. Used by one thread.
  class Changes {
   public:
    /// `storage` must outlive the changes.
    explicit Changes(Storage& storage) : storage_(storage) {}
    // Entries of the bookkeeping column family. The keys are made by the functions in format.hpp.
    void put(const std::string& key, const std::string& value);
    void erase(const std::string& key);
    // Batches of the log. A batch is stored under its base offset.
    void put_batch(TopicId topic_id, PartitionId partition, Offset base_offset, const std::string& batch);
    void erase_batch(TopicId topic_id, PartitionId partition, Offset base_offset);
    /// Deletes the batches whose base offset is in the range.
    void erase_batches(TopicId topic_id, PartitionId partition, const OffsetRange& base_offsets);
    [[nodiscard]] bool empty() const { return batch_.Count() == 0; }
    /// Size of the collected changes in bytes.
    [[nodiscard]] std::size_t bytes() const { return batch_.GetDataSize(); }
    /// Stores all changes and forgets them. Does nothing without changes. Throws BrokerException (fatal) if RocksDB
    /// cannot write.
    void write();

   private:
    Storage& storage_;
    rocksdb::WriteBatch batch_;
  };

  /// The bookkeeping entry of a key, or nullopt. Throws BrokerException (fatal) if RocksDB cannot read.
  [[nodiscard]] std::optional<std::string> get(const std::string& key) const;
  /// Calls `visit` for each bookkeeping entry whose key starts with `prefix`, in key order. The views are valid during
  /// the call only.
  void for_each(const std::string& prefix,
                const std::function<void(std::string_view key, std::string_view value)>& visit) const;

  /// Reads the batches of one partition in offset order. Starts with the batch that contains `offset`, or with the next
  /// one if no batch contains it. Stops when `visit` returns false. The read works on a snapshot: changes that are
  /// written meanwhile are not seen.
  void read_batches(TopicId topic_id, PartitionId partition, Offset offset,
                    const std::function<bool(PagePtr page)>& visit) const;

  /// The last batch of a partition, or null if the partition has none.
  [[nodiscard]] PagePtr last_batch(TopicId topic_id, PartitionId partition) const;

  /// Closes the database. From then on every function that reads or writes throws a BrokerException (fatal). REQUIRES:
  /// no other thread uses the object.
  void close();

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  /// Throws BrokerException (fatal) that names the directory, the action and RocksDB's reason.
  [[noreturn]] void fail(const std::string& doing, const rocksdb::Status& status) const;
  /// Throws BrokerException (fatal) after close(). `doing`: "reading" or "writing", for the message.
  void require_open(const char* doing) const;

  std::string directory_;
  DirectoryLock lock_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> meta_;  // bookkeeping; declared after db_, so that it is freed first
  std::unique_ptr<rocksdb::ColumnFamilyHandle> log_;   // batches
};

}  // namespace millrace::detail::embedded
