// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>

#include "broker/embedded/appends.hpp"
#include "broker/embedded/cleaner.hpp"
#include "broker/embedded/groups.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/timer.hpp"
#include "broker/embedded/topics.hpp"
#include "broker/embedded/transactions.hpp"

namespace millrace::detail::embedded {

/// Everything that the clients of one directory share. Each process has one Core per directory (see
/// embedded_broker.cpp); the clients own it together.
///
/// Threads: `mutex` guards everything except `storage`, which is thread-safe. Operations under the mutex are short:
/// clients encode records before they lock it and decode records after they unlock it.
/// Lock order: a producer's accumulator, then this mutex.
struct Core {
  /// With Access::read, the memory follows the disk: a timer calls refresh(). Nothing is ever written.
  explicit Core(const std::filesystem::path& directory, Access access = Access::write);
  ~Core();

  /// Takes over what the process that writes has changed. `mutex` must be held. Throws BrokerException (retriable) if
  /// the files cannot be read now. REQUIRES: storage.read_only().
  /// `files_are_gone`: see Storage::catch_up().
  void refresh(bool files_are_gone = false);
  /// How often a read is repeated whose files are gone. The files of a second attempt are hardly ever gone as well.
  static constexpr int kStaleAttempts = 10;

  /// Called at the end of the process. Ends the threads and closes the database, even if clients in static objects
  /// still exist. The reason: RocksDB's own static objects may be destroyed before these clients. Later calls of the
  /// clients throw BrokerException.
  void end_of_process();

  /// Memory for the newest pages of all partitions together, in bytes. Readers that keep up find their records here and
  /// not on disk.
  static constexpr std::size_t kTailBytes = 16 << 20;

  std::mutex mutex;
  Storage storage;
  TailCache tail{kTailBytes};
  Topics topics;
  Groups groups;
  Transactions transactions;
  Cleaner cleaner;
  bool refresh_failed = false;  ///< the memory is older than the disk, because refresh() threw; guarded by `mutex`
  // When a failed job was last logged. Used by the threads of `timer` (first) and `housekeeping` (second) only.
  std::optional<std::chrono::steady_clock::time_point> deadlines_failed;
  std::optional<std::chrono::steady_clock::time_point> cleaning_failed;
  // The timers come last: their destructors end their threads before the other members are destroyed.
  Timer timer;         ///< short jobs that must run in time: linger.ms and the other deadlines
  Timer housekeeping;  ///< jobs that may take long: compaction and retention

 private:
  // Jobs of the timers. Each job schedules its next run, and logs a failure instead of throwing it.
  void follow_writer();
  void look_after_deadlines();
  void compact();
  void apply_retention();
};

}  // namespace millrace::detail::embedded
