// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/storage.hpp"

#include <system_error>
#include <vector>

#include "broker/embedded/database_options.hpp"
#include "common/io_remedy.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {
namespace {

/// Creates the directory with its parents if it is missing. Other users must not read the records. So a new directory
/// gets permissions for the owner only. In an existing directory, only the subdirectory of the database gets these
/// permissions.
std::string existing_directory(const std::filesystem::path& directory) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(directory, error);
  if (!error) std::filesystem::create_directory(directory / "db", error);
  if (error) {
    throw StreamsException("cannot make the embedded broker's directory " + directory.string() + ": " +
                           error.message() + "; " + io_remedy(error.message(), directory));
  }
  std::filesystem::permissions(directory / "db", std::filesystem::perms::owner_all, error);
  if (is_new && !error) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  // This fails if the directory belongs to another user who has given this user access.
  if (error) log(LogLevel::warn, "cannot restrict access to " + directory.string() + ": " + error.message());
  return directory.string();
}

}  // namespace

// RocksDB keeps this file in every database.
bool Storage::exists(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / "db" / "CURRENT");
}

Storage::Storage(const std::filesystem::path& directory, Access access) {
  if (access == Access::read) {
    directory_ = directory.string();
    (void)catch_up();
    if (!check_version()) {
      throw StreamsException("the embedded broker in " + directory_ +
                             " is being made by another process; try again when that process runs");
    }
    return;
  }
  directory_ = existing_directory(directory);
  lock_.emplace(directory_);
  open_for_writing();
  // A directory without a version is new.
  if (check_version()) return;
  Changes changes(*this);
  changes.put(format::version_key(), format::encode_u32(format::kFormatVersion));
  changes.write();
  log(LogLevel::info, "made a new embedded broker in " + directory_);
}

void Storage::open_for_writing() {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(database_options(directory_), directory_ + "/db", column_families(), &handles, &db);
  if (!status.ok()) {
    throw StreamsException("cannot open the embedded broker in " + directory_ + ": " + status.ToString() + "; " +
                           (status.IsIOError() ? io_remedy(status.ToString(), directory_)
                                               : std::string("check that Millrace has created the directory")));
  }
  db_.reset(db);
  meta_.reset(handles[0]);
  log_.reset(handles[1]);
}

bool Storage::check_version() const {
  const auto version = get(format::version_key());
  if (!version) return false;
  const std::uint32_t found = format::decode_u32(*version);
  // An old program must not read a new layout, nor the other way round.
  if (found != format::kFormatVersion) {
    throw StreamsException("the embedded broker's directory " + directory_ + " has format version " +
                           std::to_string(found) + ", this program reads version " +
                           std::to_string(format::kFormatVersion) + "; use the program that wrote it");
  }
  return true;
}

void Storage::require_writable(const std::string& doing) const {
  if (!read_only()) return;
  throw BrokerException(BrokerException::Severity::fatal,
                        "embedded broker in " + directory_ + ": cannot " + doing +
                            ", because it is open for reading only. Stop the process that uses it, and start again");
}

void Storage::fail(const std::string& doing, const rocksdb::Status& status) const {
  if (read_only()) {
    throw StaleReadException("embedded broker in " + directory_ + ": " + doing + " failed: " + status.ToString());
  }
  throw BrokerException(BrokerException::Severity::fatal,
                        "embedded broker in " + directory_ + ": " + doing + " failed: " + status.ToString() + "; " +
                            io_remedy(status.ToString(), directory_) + ". Earlier records are not lost");
}

void Storage::close() {
  meta_.reset();
  log_.reset();
  db_.reset();
}

void Storage::require_open(const char* doing) const {
  if (read_only() && !db_) {
    throw BrokerException(BrokerException::Severity::retriable,
                          "embedded broker in " + directory_ + ": another process replaces its files; try again");
  }
  if (db_) return;
  throw BrokerException(BrokerException::Severity::fatal, "embedded broker in " + directory_ + ": " + doing +
                                                              " failed: the process ends, and the broker "
                                                              "is closed");
}

void Storage::Changes::put(const std::string& key, const std::string& value) {
  storage_.require_open("writing");
  // A WriteBatch in memory cannot fail here; write() reports the errors that matter.
  batch_.Put(storage_.meta_.get(), key, value).PermitUncheckedError();
}

void Storage::Changes::erase(const std::string& key) {
  storage_.require_open("writing");
  batch_.Delete(storage_.meta_.get(), key).PermitUncheckedError();
}

void Storage::Changes::put_batch(TopicId topic_id, PartitionId partition, Offset base_offset,
                                 const std::string& batch) {
  storage_.require_open("writing");
  batch_.Put(storage_.log_.get(), format::batch_key(topic_id, partition, base_offset), batch).PermitUncheckedError();
}

void Storage::Changes::erase_batch(TopicId topic_id, PartitionId partition, Offset base_offset) {
  storage_.require_open("writing");
  batch_.Delete(storage_.log_.get(), format::batch_key(topic_id, partition, base_offset)).PermitUncheckedError();
}

void Storage::Changes::erase_batches(TopicId topic_id, PartitionId partition, const OffsetRange& base_offsets) {
  storage_.require_open("writing");
  batch_
      .DeleteRange(storage_.log_.get(), format::batch_key(topic_id, partition, base_offsets.from),
                   format::batch_key(topic_id, partition, base_offsets.to))
      .PermitUncheckedError();
}

void Storage::Changes::write() {
  if (batch_.Count() == 0) return;
  storage_.require_writable("write");
  storage_.require_open("writing");
  // One call, so all changes reach the write-ahead log together or not at all. `sync` is off, see the class comment.
  const rocksdb::Status status = storage_.db_->Write(rocksdb::WriteOptions(), &batch_);
  if (!status.ok()) storage_.fail("writing", status);
  batch_.Clear();
}

std::optional<std::string> Storage::get(const std::string& key) const {
  const auto guard = reading();
  require_open("reading");
  std::string value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), meta_.get(), key, &value);
  // A missing key is an answer, not an error.
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) fail("reading", status);
  return value;
}

void Storage::for_each(const std::string& prefix,
                       const std::function<void(std::string_view key, std::string_view value)>& visit) const {
  const auto guard = reading();
  require_open("reading");
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions(), meta_.get()));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    visit({it->key().data(), it->key().size()}, {it->value().data(), it->value().size()});
  }
  if (!it->status().ok()) fail("reading", it->status());
}

void Storage::read_batches(TopicId topic_id, PartitionId partition, Offset offset,
                           const std::function<bool(PagePtr page)>& visit) const {
  const auto guard = reading();
  require_open("reading");
  const std::string first = format::batch_key(topic_id, partition, Offset());
  const std::string end = format::batch_key(topic_id, partition, format::kEndOfLog);
  // The bounds keep the iterator inside the partition. RocksDB stores references, so the strings must outlive the
  // iterator.
  const rocksdb::Slice lower(first);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  // The iterator pins a snapshot of the database.
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, log_.get()));
  const std::string wanted = format::batch_key(topic_id, partition, offset);
  // The batch that contains `offset` is stored under its base offset, so it may begin before `offset`.
  it->SeekForPrev(wanted);
  if (!it->Valid() && it->status().ok()) it->Seek(wanted);
  for (; it->Valid(); it->Next()) {
    const Offset base = format::parse_batch_key({it->key().data(), it->key().size()}).base_offset;
    PagePtr page = Page::make(base, it->value().ToString());
    // The batch before a gap ends below `offset`.
    if (page->last_offset() < offset) continue;
    if (!visit(std::move(page))) return;
  }
  if (!it->status().ok()) fail("reading", it->status());
}

PagePtr Storage::last_batch(TopicId topic_id, PartitionId partition) const {
  const auto guard = reading();
  require_open("reading");
  PagePtr last;
  const std::string first = format::batch_key(topic_id, partition, Offset());
  const rocksdb::Slice lower(first);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, log_.get()));
  it->SeekForPrev(format::batch_key(topic_id, partition, format::kEndOfLog));
  if (it->Valid()) {
    const auto key = format::parse_batch_key({it->key().data(), it->key().size()});
    last = Page::make(key.base_offset, it->value().ToString());
  } else if (!it->status().ok()) {
    fail("reading", it->status());
  }
  return last;
}

}  // namespace millrace::detail::embedded
