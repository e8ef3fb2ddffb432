// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "broker/embedded/appends.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/topics.hpp"

namespace millrace::detail::embedded {

/// Deletes records that a topic need not keep: by age and size (cleanup.policy `delete`), and older values of a key
/// (`compact`).
///
/// The age of a record is the distance to its own timestamp, as in Kafka. So old records that were written today are
/// deleted soon, unless retention.ms is -1. Kafka deletes whole segments; this class deletes single batches. So it
/// keeps fewer records that may go.
///
/// Owner: Core. Threads: the housekeeping thread, and clients for delete_before(). The cleaner reads the disk without
/// the broker's mutex and locks the mutex for each change.
class Cleaner {
 public:
  /// `mutex` is the broker's mutex. The arguments must outlive the object.
  Cleaner(std::mutex& mutex, Storage& storage, TailCache& tail, Topics& topics)
      : mutex_(mutex), storage_(storage), tail_(tail), topics_(topics) {}

  /// Applies retention.ms and retention.bytes to all topics. `now` is wall-clock time in ms since the epoch.
  void apply_retention(Timestamp now);

  /// Compacts each partition of compacted topics that has enough new records (min.cleanable.dirty.ratio) that are old
  /// enough (min.compaction.lag.ms).
  void compact(Timestamp now);

  /// Makes a running job return soon. Thread-safe.
  void stop() { stop_ = true; }

  /// Moves the log start to `offset` and deletes the records below it. REQUIRES: the caller holds the broker's mutex.
  void delete_before(PartitionLog& log, Offset offset);

 private:
  /// A copy of the list, so that the mutex is not held during the work.
  std::vector<std::shared_ptr<Topic>> all_topics();
  // The same for one partition.
  void apply_retention(Topic& topic, PartitionLog& log, Timestamp now);
  void compact(Topic& topic, PartitionLog& log, Timestamp now);

  std::mutex& mutex_;
  Storage& storage_;
  TailCache& tail_;
  Topics& topics_;
  std::atomic<bool> stop_{false};
};

}  // namespace millrace::detail::embedded
