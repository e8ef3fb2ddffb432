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

/// Deletes what topics need not keep: by age and size (cleanup.policy `delete`) and older values of a key (`compact`).
///
/// Age counts from the record's own timestamp, as in Kafka: records of years ago are gone soon unless retention.ms
/// is -1. Where Kafka looks at whole segments, this looks at batches, so it keeps less of what may go.
///
/// Works beside the clients: the disk is read without the broker's mutex, which is taken for each change.
class Cleaner {
 public:
  Cleaner(std::mutex& mutex, Storage& storage, TailCache& tail, Topics& topics)
      : mutex_(mutex), storage_(storage), tail_(tail), topics_(topics) {}

  /// Applies retention.ms and retention.bytes. `now` is wall-clock time.
  void apply_retention(Timestamp now);

  /// Compacts every partition of compacted topics that has enough new records (min.cleanable.dirty.ratio) old enough
  /// (min.compaction.lag.ms).
  void compact(Timestamp now);

  /// Ends what is going on soon. Thread-safe.
  void stop() { stop_ = true; }

  /// Moves the start of a log up to `offset` and deletes what is before. REQUIRES: the broker's mutex is held.
  void delete_before(PartitionLog& log, std::int64_t offset);

 private:
  std::vector<std::shared_ptr<Topic>> all_topics();
  void apply_retention(Topic& topic, PartitionLog& log, Timestamp now);
  void compact(Topic& topic, PartitionLog& log, Timestamp now);

  std::mutex& mutex_;
  Storage& storage_;
  TailCache& tail_;
  Topics& topics_;
  std::atomic<bool> stop_{false};
};

}  // namespace millrace::detail::embedded
