// SPDX-License-Identifier: Apache-2.0
// The parts of Storage for Access::read.
#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "broker/embedded/database_options.hpp"
#include "broker/embedded/storage.hpp"
#include "common/io_remedy.hpp"

namespace millrace::detail::embedded {
namespace {

/// How often catch_up() tries. A failed attempt means that the other process has just replaced files, which it does
/// every few seconds at most.
constexpr int kAttempts = 20;
constexpr std::chrono::milliseconds kPause{25};

}  // namespace

// An instance that is read only shows the files as they were when it was opened. RocksDB also has instances that follow
// the other process (DB::OpenAsSecondary), but in RocksDB 7.8 these read freed memory when they read a blob file.
rocksdb::Status Storage::open_for_reading() {
  rocksdb::DBOptions options = database_options(directory_);
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  // A file that is open stays readable after the other process has deleted it.
  options.max_open_files = -1;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options, directory_ + "/db", column_families(), &handles, &db);
  if (!status.ok()) return status;
  close();
  db_.reset(db);
  meta_.reset(handles[0]);
  log_.reset(handles[1]);
  return status;
}

std::map<std::string, std::uintmax_t> Storage::growing_files() const {
  std::map<std::string, std::uintmax_t> sizes;
  std::error_code error;
  for (std::filesystem::directory_iterator file(directory_ + "/db", error), end; !error && file != end;
       file.increment(error)) {
    const std::string name = file->path().filename().string();
    if (!name.ends_with(".log") && !name.starts_with("MANIFEST")) continue;
    std::error_code gone;
    const auto size = file->file_size(gone);
    if (!gone) sizes.emplace(name, size);
  }
  return sizes;
}

bool Storage::catch_up(bool files_are_gone) {
  rocksdb::Status status = rocksdb::Status::Incomplete();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kPause);
    auto before = growing_files();
    if (db_ && !files_are_gone && before == seen_files_) return false;
    const std::lock_guard alone(catching_up_);
    const auto last = db_ ? std::optional(db_->GetLatestSequenceNumber()) : std::nullopt;
    status = open_for_reading();
    if (!status.ok()) continue;
    // RocksDB first reads which table files there are, then the write-ahead logs. In between, the other process may
    // move the end of a log into a table file and delete the log. Then the records from there are in neither of the
    // two, and later records are. So the result counts only if all logs that were there before are still there. Logs
    // are deleted in the order of their creation, so a log that is made and deleted in between does not matter: an
    // older one is gone too.
    const auto after = growing_files();
    const auto is_gone = [&](const auto& file) { return file.first.ends_with(".log") && !after.contains(file.first); };
    if (std::any_of(before.begin(), before.end(), is_gone)) {
      status = rocksdb::Status::TryAgain("a write-ahead log was deleted while the logs were read");
      close();
      continue;
    }
    seen_files_ = std::move(before);
    return !last || last != db_->GetLatestSequenceNumber();
  }
  throw BrokerException(BrokerException::Severity::retriable,
                        "embedded broker in " + directory_ + ": reading what another process writes failed: " +
                            status.ToString() + "; " + io_remedy(status.ToString(), directory_));
}

}  // namespace millrace::detail::embedded
