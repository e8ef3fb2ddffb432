// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "broker/embedded/directory_lock.hpp"
#include "broker/embedded/format.hpp"
#include "broker/embedded/page.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::detail::embedded {

/// Who may change the database.
enum class Access {
  write,  ///< this process alone
  read,   ///< another process may; this one reads what that process has written
};

/// A file is gone, because the process that writes has replaced it by another one. The remedy: Storage::catch_up(),
/// then read again.
class StaleReadException : public BrokerException {
 public:
  explicit StaleReadException(const std::string& what) : BrokerException(Severity::retriable, what) {}
};

/// The RocksDB database of one broker directory. Owned by Core. Thread-safe.
///
/// Durability: when write() returns, the data is in RocksDB's write-ahead log and the kernel has it. The data survives
/// every end of this process, including `kill -9`. It is not forced to the disk, so a power failure may cost the last
/// seconds. Kafka's defaults on one machine promise the same.
///
/// With Access::read, the object changes no file. It shows the state that the other process had written at the last
/// catch_up(): whole writes only, and all writes up to one of them.
class Storage {
 public:
  /// Opens the database. Access::write creates it if it is missing, and throws DirectoryInUseException if another
  /// process has the directory open for writing. Throws StreamsException if the database cannot be opened or has
  /// another format version.
  explicit Storage(const std::filesystem::path& directory, Access access = Access::write);

  /// Whether the directory has a database. Creates nothing.
  [[nodiscard]] static bool exists(const std::filesystem::path& directory);

  [[nodiscard]] bool read_only() const { return !lock_; }

  /// Takes over what the other process has written since the last call. Returns whether there was something. Waits for
  /// reads that are under way. Costs the time of a start: the write-ahead logs are read, up to 64 MB. Does little if
  /// nothing was written. `files_are_gone`: reads the files again in any case, after a StaleReadException. Throws
  /// BrokerException (retriable) if the files cannot be read now. REQUIRES: read_only(); one thread at a time.
  bool catch_up(bool files_are_gone = false);

  /// Throws BrokerException (fatal) that names the action if read_only().
  void require_writable(const std::string& doing) const;

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
  void open_for_writing();
  /// Opens the files as they are now, in place of the present instance. The other process may replace files at the same
  /// time, so the result may be an error that a second attempt does not have.
  [[nodiscard]] rocksdb::Status open_for_reading();
  /// The files to which the other process appends, with their sizes: write-ahead logs and manifests. Every write
  /// changes them.
  [[nodiscard]] std::map<std::string, std::uintmax_t> growing_files() const;
  /// Throws StreamsException if the database has another format version. Returns false if it has none.
  [[nodiscard]] bool check_version() const;

  /// Keeps catch_up() away while the object lives. Does nothing with Access::write.
  [[nodiscard]] std::shared_lock<std::shared_mutex> reading() const {
    return read_only() ? std::shared_lock(catching_up_) : std::shared_lock<std::shared_mutex>();
  }
  /// Throws BrokerException (fatal) that names the directory, the action and RocksDB's reason.
  [[noreturn]] void fail(const std::string& doing, const rocksdb::Status& status) const;
  /// Throws BrokerException (fatal) after close(). `doing`: "reading" or "writing", for the message.
  void require_open(const char* doing) const;

  std::string directory_;
  std::optional<DirectoryLock> lock_;                 ///< unset: read only
  mutable std::shared_mutex catching_up_;             ///< held alone by catch_up(), shared by reads; only if read only
  std::map<std::string, std::uintmax_t> seen_files_;  ///< growing_files() at the last catch_up()
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> meta_;  // bookkeeping; declared after db_, so that it is freed first
  std::unique_ptr<rocksdb::ColumnFamilyHandle> log_;   // batches
};

}  // namespace millrace::detail::embedded
