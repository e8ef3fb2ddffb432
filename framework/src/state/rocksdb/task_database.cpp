// SPDX-License-Identifier: Apache-2.0
#include "task_database.hpp"

#include <rocksdb/cache.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "broker/rocksdb_log.hpp"
#include "committed_readers.hpp"
#include "common/io_remedy.hpp"
#include "key_value_store.hpp"
#include "layout.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/state/detail/formats.hpp"
#include "options.hpp"
#include "state/committed_sessions.hpp"
#include "state/session_store.hpp"
#include "state/versioned_store.hpp"
#include "window_store.hpp"

namespace millrace::detail {

namespace {

// `kind` is one of layout::kFamilies.
std::string family_name(std::string_view kind, const std::string& store) { return std::string(kind) + store; }

/// Whether another task or process holds the database's lock. RocksDB has no status for this case, so the text decides.
/// The word "lock" alone proves nothing: RocksDB also uses the word if it cannot create the lock file, because the disk
/// is full or the process has too many open files.
bool is_locked(const rocksdb::Status& status, const std::string& text) {
  if (!status.IsIOError()) return false;
  if (text.find("lock hold by current process") != std::string::npos) return true;
  // If another process holds the lock, fcntl() fails with one of these two errors.
  return text.find("While lock file") != std::string::npos && (text.find(std::strerror(EAGAIN)) != std::string::npos ||
                                                               text.find(std::strerror(EACCES)) != std::string::npos);
}

/// Sorts the errors of opening a database by their remedy.
///
/// - Locked: another task or process uses the directory. The state is good.
/// - I/O error: the disk may recover, and the state may be good. So the state is not deleted. RocksDB reports some I/O
/// errors as "invalid argument" or "corruption"; is_limit() recognises them by their text.
/// - Missing files, or anything else: the state is damaged. The task deletes and restores it.
[[noreturn]] void fail_open(const rocksdb::Status& status, const std::filesystem::path& directory) {
  const std::string text = status.ToString();
  const std::string place = "the state in " + directory.string();
  if (is_locked(status, text)) {
    throw LockException(place + " is in use by another task or process: " + text +
                        "; close it, or give this instance another state.dir");
  }
  if (is_limit(text) || (status.IsIOError() && status.subcode() != rocksdb::Status::kPathNotFound &&
                         text.find("No such file") == std::string::npos)) {
    throw ProcessorStateException("cannot open " + place + ": " + text + "; " + io_remedy(text, directory));
  }
  throw StateCorruptedException(
      "cannot read " + place + ": " + text + "; it must be deleted and restored from the changelogs", directory);
}

/// A database without its CURRENT file is new. But with data files beside it, the database is damaged: opening it as
/// new would lose the state silently.
bool is_new(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory / "CURRENT", error)) return false;
  std::filesystem::directory_iterator files;
  if (!error) files = std::filesystem::directory_iterator(directory, error);
  if (error) {
    throw ProcessorStateException("cannot read the state directory " + directory.string() + ": " + error.message() +
                                  "; " + io_remedy(error.message(), directory));
  }
  for (const auto& file : files) {
    if (file.path().extension() == ".sst") {
      throw StateCorruptedException("the state in " + directory.string() +
                                        " lacks its file CURRENT; it must be deleted and restored from the changelogs",
                                    directory);
    }
  }
  return true;
}

}  // namespace

RocksDbTaskDatabase::RocksDbTaskDatabase(const std::filesystem::path& directory, std::shared_ptr<StateMemory> memory)
    : directory_(directory), memory_(std::move(memory)), positions_(directory) {
  // The first share of memory, before anything is used. adjust_memory() corrects it at each commit.
  const auto allowance = memory_.report(0);
  budget_ = std::make_shared<TierBudget>(allowance.tier_bytes);
  write_buffers_ = std::make_shared<rocksdb::WriteBufferManager>(allowance.write_buffer_bytes);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw ProcessorStateException("cannot create the state directory " + directory.string() + ": " + error.message() +
                                  "; " + io_remedy(error.message(), directory));
  }
  open_database();
  try {
    read_meta();
  } catch (...) {
    // The destructor does not run if the constructor throws.
    close();
    throw;
  }
}

RocksDbTaskDatabase::~RocksDbTaskDatabase() { close(); }

void RocksDbTaskDatabase::open_database() {
  rocksdb::DBOptions db_options = database_options(write_buffers_);
  db_options.listeners.push_back(expiry_);
  db_options.info_log = std::make_shared<RocksDbLog>(directory_.string());
  // RocksDB wants to open all column families that exist, also those of stores that are no longer in the topology.
  std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName};
  if (!is_new(directory_)) {
    const auto status = rocksdb::DB::ListColumnFamilies(db_options, directory_.string(), &names);
    if (!status.ok()) fail_open(status, directory_);
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) {
    descriptors.emplace_back(
        name, family_options(name, memory_.memory().budgets(), memory_.memory().block_cache(), *expiry_));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(db_options, directory_.string(), descriptors, &handles, &db);
  if (!status.ok()) fail_open(status, directory_);
  db_.reset(db);
  for (std::size_t i = 0; i < names.size(); ++i) families_[names[i]] = handles[i];
  meta_ = families_.at(rocksdb::kDefaultColumnFamilyName);
  readers_ = std::make_shared<ReaderGate>(db_.get(), meta_, directory_);
}

// The order matters: first stop readers, then release the stores' iterators, then the handles, then the database.
void RocksDbTaskDatabase::close() {
  readers_->close();
  for (DatabaseStore* store : stores_) store->detach();
  stores_.clear();
  for (const auto& [name, handle] : families_) {
    const auto status = db_->DestroyColumnFamilyHandle(handle);
    // Only a warning: closing happens in a destructor, and the last flushed commit is safe on disk.
    if (!status.ok()) log(LogLevel::warn, "closing " + directory_.string() + ": " + status.ToString());
  }
  families_.clear();
  const auto status = db_->Close();
  if (!status.ok()) {
    log(LogLevel::warn, "closing the state in " + directory_.string() + ": " + status.ToString() +
                            "; the next start restores what is missing");
  }
}

void RocksDbTaskDatabase::read_meta() {
  read_format();
  positions_.read(*db_, meta_);
  read_inputs();
}

void RocksDbTaskDatabase::read_inputs() {
  std::string bytes;
  const auto status = db_->Get({}, meta_, slice(layout::kInputsKey), &bytes);
  if (status.IsNotFound()) return;
  check(status, "read", "", directory_);
  inputs_ = layout::read_inputs(bytes);
  if (!inputs_) {
    throw StateCorruptedException(
        "the state in " + directory_.string() + " has unreadable input offsets; it must be deleted and restored",
        directory_);
  }
}

void RocksDbTaskDatabase::read_format() {
  std::string version;
  const auto status = db_->Get({}, meta_, slice(layout::kFormatKey), &version);
  if (!status.IsNotFound()) {
    check(status, "read", "", directory_);
    // A version entry of another size gets 0, which is no valid format.
    const std::uint32_t found = version.size() == 4 ? formats::load_be32(version.data()) : 0;
    if (found == layout::kFormatVersion) return;
    if (found < layout::kOldestFormatVersion || found > layout::kFormatVersion) {
      throw StateCorruptedException("the state in " + directory_.string() +
                                        " was written by another version of Millrace; it must be deleted and restored "
                                        "from the changelogs",
                                    directory_);
    }
  }
  // A new database, or one of an older format. Format 1 needs no conversion here: see expect_changelogs(). Positions of
  // format 2 are valid positions of format 3.
  rocksdb::WriteBatch batch;
  std::string current;
  formats::append_be32(current, layout::kFormatVersion);
  check(batch.Put(meta_, slice(layout::kFormatKey), current), "write", "", directory_);
  write(batch, "initialise");
}

rocksdb::ColumnFamilyHandle* RocksDbTaskDatabase::family(const std::string& name, const std::string& store) {
  const auto found = families_.find(name);
  if (found != families_.end()) return found->second;
  emptied_.insert(store);
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  check(db_->CreateColumnFamily(
            family_options(name, memory_.memory().budgets(), memory_.memory().block_cache(), *expiry_), name, &handle),
        "create", store, directory_);
  return families_[name] = handle;
}

StorePlace RocksDbTaskDatabase::place(const std::string& family_name, const std::string& store) {
  return {db_.get(), family(family_name, store), meta_, budget_, directory_};
}

void RocksDbTaskDatabase::prepare_name(const std::string& store, std::string_view kind) {
  // Two stores of one name would overwrite each other's data.
  for (const DatabaseStore* open : stores_) {
    if (open->store_name() == store) {
      throw ProcessorStateException("state store '" + store + "' in " + directory_.string() + " is open already");
    }
  }
  // The application may have replaced a store by one of another kind. The old data have another layout, so they go.
  for (const std::string_view other : layout::kFamilies) {
    const auto found = families_.find(family_name(other, store));
    if (other == kind || found == families_.end()) continue;
    log(LogLevel::warn,
        "state store '" + store + "' in " + directory_.string() +
            " has another kind than before: its data are deleted, and restored from its changelog if there is one");
    wipe(store);
    check(db_->DropColumnFamily(found->second), "replace", store, directory_);
    check(db_->DestroyColumnFamilyHandle(found->second), "replace", store, directory_);
    families_.erase(found);
  }
}

std::unique_ptr<KeyValueBytesStore> RocksDbTaskDatabase::open_key_value(std::string_view kind,
                                                                        const std::string& name) {
  prepare_name(name, kind);
  auto store = std::make_unique<PersistentKeyValueStore>(*this, place(family_name(kind, name), name), name);
  // The store unregisters itself in its destructor: see forget().
  stores_.push_back(store.get());
  return store;
}

std::unique_ptr<WindowBytesStore> RocksDbTaskDatabase::open_windows(std::string_view kind, const std::string& name,
                                                                    const WindowStoreOptions& options) {
  prepare_name(name, kind);
  auto stored = read_window_meta(name);
  // The segment is a part of each key. With another interval, lookups would search in the wrong segments.
  if (stored && stored->segment_interval_ms != layout::segment_interval(options.retention_ms)) {
    log(LogLevel::warn, "state store '" + name + "' in " + directory_.string() +
                            " has another retention than before: its data are deleted, and restored from its changelog "
                            "if there is one");
    wipe(name);
    stored.reset();
  }
  const std::string family = family_name(kind, name);
  auto store = std::make_unique<PersistentWindowStore>(*this, place(family, name), name, options, stored);
  stores_.push_back(store.get());
  window_stores_[family] = store.get();
  return store;
}

std::unique_ptr<KeyValueBytesStore> RocksDbTaskDatabase::key_value_store(const std::string& name) {
  return open_key_value(layout::kKeyValueFamily, name);
}

std::unique_ptr<WindowBytesStore> RocksDbTaskDatabase::window_store(const std::string& name,
                                                                    const WindowStoreOptions& options) {
  return open_windows(layout::kWindowFamily, name, options);
}

std::unique_ptr<SessionBytesStore> RocksDbTaskDatabase::session_store(const std::string& name,
                                                                      std::int64_t retention_ms) {
  // A session store is encoded in a window store, whose start is the session's end.
  return make_session_store(open_windows(layout::kSessionFamily, name, {retention_ms, 0, false}));
}

std::unique_ptr<VersionedBytesStore> RocksDbTaskDatabase::versioned_store(const std::string& name,
                                                                          std::int64_t history_retention_ms) {
  return make_versioned_store(open_key_value(layout::kVersionedFamily, name), history_retention_ms);
}

std::optional<std::string> RocksDbTaskDatabase::type_of(const std::string& store) const {
  std::string type;
  const auto status = db_->Get({}, meta_, layout::type_key(store), &type);
  if (status.IsNotFound()) return std::nullopt;
  check(status, "open", store, directory_);
  return type;
}

void RocksDbTaskDatabase::note_type(const std::string& store, const std::string& type) {
  rocksdb::WriteBatch batch;
  check(batch.Put(meta_, layout::type_key(store), type), "open", store, directory_);
  write(batch, "open");
}

void RocksDbTaskDatabase::expect_headers(const std::string& store, bool headers) {
  const std::string key = layout::headers_key(store);
  std::string nothing;
  const auto status = db_->Get({}, meta_, key, &nothing);
  if (!status.IsNotFound()) check(status, "open", store, directory_);
  // The meta entry exists exactly if values begin with headers. Reading them in the other format would give garbage.
  if (status.ok() == headers) return;
  // A store without a column family is new and has nothing to delete.
  if (std::ranges::any_of(layout::kFamilies,
                          [&](std::string_view kind) { return families_.contains(family_name(kind, store)); })) {
    log(LogLevel::warn, "state store '" + store + "' in " + directory_.string() +
                            (headers ? " had no headers before" : " had headers before") +
                            ": its data are deleted, and restored from its changelog if there is one");
    wipe(store);
  }
  rocksdb::WriteBatch batch;
  check(headers ? batch.Put(meta_, key, rocksdb::Slice()) : batch.Delete(meta_, key), "open", store, directory_);
  write(batch, "open");
}

std::optional<layout::WindowMeta> RocksDbTaskDatabase::read_window_meta(const std::string& store) {
  std::string bytes;
  const auto status = db_->Get({}, meta_, layout::window_meta_key(store), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  check(status, "open", store, directory_);
  const auto meta = layout::read_window_meta(bytes);
  if (!meta) {
    throw StateCorruptedException("window store '" + store + "' in " + directory_.string() +
                                      " has unreadable meta data; the state must be deleted and restored",
                                  directory_);
  }
  return meta;
}

void RocksDbTaskDatabase::forget(DatabaseStore& store) {
  std::erase(stores_, &store);
  std::erase_if(window_stores_, [&](const auto& entry) { return entry.second == &store; });
}

void RocksDbTaskDatabase::expect_changelogs(const std::string& store, const std::vector<TopicPartition>& changelogs) {
  // The changelog was renamed or partitioned anew. The position says nothing about the new changelog, so start again.
  if (const TopicPartition* other = positions_.outside(store, changelogs)) {
    log(LogLevel::warn,
        "state store '" + store + "' in " + directory_.string() + " was restored from " + other->str() +
            ", which is its changelog no longer: its data are deleted and restored from the present one");
    wipe(store);
    return;
  }
  // A database of format 1: now the store is known that these offsets belong to.
  auto offsets = positions_.of_format_1(store, changelogs);
  if (offsets.empty()) return;
  rocksdb::WriteBatch batch;
  positions_.add_take_over(batch, store, offsets);
  write(batch, "open");
  positions_.taken_over(store, std::move(offsets));
}

std::optional<Offset> RocksDbTaskDatabase::position(const std::string& store, const TopicPartition& changelog) const {
  const auto found = positions_.get(store, changelog);
  return found ? std::optional(found->next) : std::nullopt;
}

std::optional<LogProof> RocksDbTaskDatabase::proof(const std::string& store, const TopicPartition& changelog) const {
  const auto found = positions_.get(store, changelog);
  return found ? found->proof : std::nullopt;
}

std::size_t RocksDbTaskDatabase::uncommitted_bytes() const {
  std::size_t bytes = 0;
  for (const DatabaseStore* store : stores_) bytes += store->uncommitted_bytes();
  return bytes;
}

void RocksDbTaskDatabase::write(rocksdb::WriteBatch& batch, std::string_view doing, Wal wal) {
  rocksdb::WriteOptions options;
  // Without the WAL, the changelog replaces it: after a crash the task reads on from the position of the last flushed
  // commit.
  options.disableWAL = wal == Wal::off;
  check(db_->Write(options, &batch), doing, "", directory_);
}

void RocksDbTaskDatabase::commit(const std::map<std::string, ChangelogPositions>& positions,
                                 const std::optional<InputOffsets>& inputs, Wal wal) {
  trim_expired();
  // Earlier writes have bypassed the WAL and are flushed first. Otherwise a crash could lose them, and the WAL would
  // bring back only this commit, which depends on them.
  if (wal == Wal::on && beside_wal_) flush();
  rocksdb::WriteBatch batch;
  // One batch for all stores and positions: RocksDB writes it as a whole or not at all.
  for (DatabaseStore* store : stores_) store->write_to(batch);
  // Positions come last: see DurableExpiry.
  positions_.add_commit(batch, positions);
  if (inputs != inputs_) {
    check(inputs ? batch.Put(meta_, slice(layout::kInputsKey), layout::write_inputs(*inputs))
                 : batch.Delete(meta_, slice(layout::kInputsKey)),
          "commit", "", directory_);
  }
  if (batch.Count() > 0) write(batch, "commit", wal);
  beside_wal_ = wal == Wal::off;

  // Only after the write: if it throws, memory and disk still agree.
  positions_.committed(positions);
  inputs_ = inputs;
  for (DatabaseStore* store : stores_) store->committed();
  adjust_memory();
  std::map<std::string, Timestamp> live_from;
  for (const auto& [name, store] : window_stores_) {
    if (store->committed_live_from() > 0) live_from[name] = store->committed_live_from();
  }
  // Entries that are expired now may be removed once this commit is flushed.
  if (!live_from.empty()) expiry_->committed(db_->GetLatestSequenceNumber(), std::move(live_from));
}

void RocksDbTaskDatabase::adjust_memory() {
  const auto allowance = memory_.report(budget_->used());
  budget_->set_limit(allowance.tier_bytes);
  if (budget_->exceeded()) budget_->reclaim();
  // SetBufferSize takes a lock of RocksDB, so call it only for a change.
  if (allowance.write_buffer_bytes != write_buffers_->buffer_size()) {
    write_buffers_->SetBufferSize(allowance.write_buffer_bytes);
  }
}

void RocksDbTaskDatabase::trim_expired() {
  // Marks move only when a flush completes, so without a flush there is nothing new to trim.
  const std::uint64_t flushes = expiry_->flushes();
  if (flushes == trimmed_at_flush_) return;
  trimmed_at_flush_ = flushes;
  for (const auto& [name, store] : window_stores_) store->trim(expiry_->mark(name)->live_from.load());
}

void RocksDbTaskDatabase::discard() {
  for (DatabaseStore* store : stores_) store->discarded();
  // The uncommitted entries are gone, so evicting is worth a try again.
  budget_->committed();
}

void RocksDbTaskDatabase::flush() {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  for (const auto& [name, handle] : families_) handles.push_back(handle);
  // One call for all families, because flushes are atomic over families.
  check(db_->Flush(rocksdb::FlushOptions(), handles), "flush", "", directory_);
}

void RocksDbTaskDatabase::wipe(const std::string& store) {
  rocksdb::WriteBatch batch;
  for (const std::string_view kind : layout::kFamilies) {
    const auto found = families_.find(family_name(kind, store));
    if (found == families_.end()) continue;
    // DeleteRange needs an exclusive end, so find the last key. An empty family needs no deletion.
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, found->second));
    it->SeekToLast();
    check(it->status(), "wipe", store, directory_);
    if (!it->Valid()) continue;
    const std::string end = it->key().ToString() + '\0';
    check(batch.DeleteRange(found->second, rocksdb::Slice(), end), "wipe", store, directory_);
  }
  check(batch.Delete(meta_, layout::window_meta_key(store)), "wipe", store, directory_);
  positions_.add_wipe(batch, store);
  write(batch, "wipe");
  positions_.wiped(store);
  emptied_.insert(store);
  for (DatabaseStore* open : stores_) {
    if (open->store_name() == store) open->wiped();
  }
  // Makes the deletion durable: the old data must not come back after a crash.
  flush();
  expiry_->reset(family_name(layout::kWindowFamily, store));
  expiry_->reset(family_name(layout::kSessionFamily, store));
}

rocksdb::ColumnFamilyHandle* RocksDbTaskDatabase::open_family(std::string_view kind, const std::string& store) const {
  // A family can exist without its store being open: the store may have left the topology.
  const bool open = std::ranges::any_of(stores_, [&](const DatabaseStore* one) { return one->store_name() == store; });
  const auto found = families_.find(family_name(kind, store));
  if (open && found != families_.end()) return found->second;
  // The names of families end with a colon.
  const std::string_view noun = kind == layout::kKeyValueFamily ? "key-value" : kind.substr(0, kind.size() - 1);
  throw ProcessorStateException("there is no open " + std::string(noun) + " store '" + store + "' in " +
                                directory_.string());
}

std::shared_ptr<const CommittedKeyValueReader> RocksDbTaskDatabase::committed_key_value(
    const std::string& store) const {
  return make_committed_key_value_reader(readers_, open_family(layout::kKeyValueFamily, store), store);
}

std::shared_ptr<const CommittedWindowReader> RocksDbTaskDatabase::committed_windows(const std::string& store) const {
  return window_reader(layout::kWindowFamily, store);
}

std::shared_ptr<const CommittedWindowReader> RocksDbTaskDatabase::window_reader(std::string_view kind,
                                                                                const std::string& store) const {
  rocksdb::ColumnFamilyHandle* family = open_family(kind, store);
  return make_committed_window_reader(readers_, family, store, window_stores_.at(family_name(kind, store))->options());
}

std::shared_ptr<const CommittedSessionReader> RocksDbTaskDatabase::committed_sessions(const std::string& store) const {
  auto windows = window_reader(layout::kSessionFamily, store);
  const auto retention = window_stores_.at(family_name(layout::kSessionFamily, store))->options().retention_ms;
  return make_committed_session_reader(std::move(windows), retention);
}

std::shared_ptr<const CommittedVersionedReader> RocksDbTaskDatabase::committed_versions(
    const std::string& store, std::int64_t history_retention_ms) const {
  return make_committed_versioned_reader(readers_, open_family(layout::kVersionedFamily, store), store,
                                         history_retention_ms);
}

}  // namespace millrace::detail
