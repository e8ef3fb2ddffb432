#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/common/time.hpp"
#include "runtime/task/task_metrics.hpp"
#include "state/store_set.hpp"

namespace millrace::detail {

/// Restores the stores of a thread's new tasks from their changelogs, one step at a time. (Kafka Streams:
/// `StoreChangelogReader`.)
///
/// Restoring ends at the offset that was the end of the changelog when the task was added. That is the end of the log
/// (high watermark) and not the last stable offset. Reason: the previous owner's transaction may be committed although
/// its markers have not reached the changelog yet. Its records must not be missed (KAFKA-10167). If a transaction is
/// still open there, reading waits until it has ended.
///
/// Threads: the stream thread. A changelog is read without a group, by assignment.
class ChangelogReader {
 public:
  /// Called after each batch with the store's name, the records done so far, and their total number. Both numbers are
  /// differences of offsets.
  using Progress = std::function<void(const std::string&, std::int64_t, std::int64_t)>;

  /// `patience`: if a changelog brings no records for this time, a warning says why that may be. It is repeated at the
  /// same interval. `admin` and `clock` must outlive the object.
  ChangelogReader(std::unique_ptr<Consumer> consumer, Admin& admin, Progress progress, Millis patience,
                  const Clock& clock)
      : consumer_(std::move(consumer)),
        admin_(admin),
        progress_(std::move(progress)),
        patience_(patience),
        clock_(clock) {}

  /// Gets the records of a changelog after the position of its store.
  using TakeBack = std::function<void(const StorePosition&, std::span<const RestoreRecord>)>;

  /// Finds out how far each store of a task is behind its changelog, and starts to restore it. Each request may take up
  /// to `timeout`. If an exception is thrown, nothing was added, and the call can be repeated.
  ///
  /// `processed`: the offsets from which the task continues. A store that is rebuilt from a source topic is restored up
  /// to there, because later records will be processed as input.
  ///
  /// `take_back`: if set, the persistent stores already match `processed`. Then the records after their positions are
  /// not applied to the stores. `take_back` gets the records instead. A store that is new or was emptied is restored as
  /// usual. Null: all records are applied.
  void add(StoreSet& stores, const std::shared_ptr<TaskMetrics>& metrics,
           const std::map<TopicPartition, OffsetAndMetadata>& processed, Millis timeout,
           const TakeBack& take_back = {});
  /// The task ends. What was restored so far stays in its stores.
  void remove(const StoreSet& stores);

  /// Whether all stores of the set are up to date.
  [[nodiscard]] bool done(const StoreSet& stores) const;
  /// Whether step() has nothing to do.
  [[nodiscard]] bool idle() const { return restoring_.empty() && !assignment_changed_; }

  /// Reads one batch and applies it to the stores. Waits up to `timeout` for records.
  void step(Millis timeout);

 private:
  /// The restore of one store from one changelog partition.
  struct Restoring {
    StoreSet* stores;                      ///< owned by the task manager
    StorePosition* store;                  ///< an element of `stores`
    std::shared_ptr<TaskMetrics> metrics;  ///< of the task
    Offset start;                          ///< first offset to read
    Offset end;                            ///< offset where restoring ends; exclusive
    Offset position;                       ///< of the consumer, as last seen
    /// When `position` last changed, or when the last warning was logged. Clock::monotonic_ms().
    Timestamp moved_at;
    TakeBack take_back;  ///< null: records are applied to the store
    /// With take_back: the next offset to read (exclusive end of what was read). The position of the store does not
    /// move.
    Offset taken_back_until;
    std::vector<ConsumerRecord> batch;  ///< polled in the present step

    [[nodiscard]] Offset next_offset() const { return take_back ? taken_back_until : *store->next_offset(); }
  };

  /// Tells the consumer which partitions to read.
  void reassign();
  /// Applies a batch to its store.
  void apply(Restoring& restoring);
  /// Ends the restore of each store that has reached its end.
  void finish_caught_up();
  /// Warns about changelogs that bring no records.
  void warn_of_standstill();

  std::unique_ptr<Consumer> consumer_;
  Admin& admin_;
  Progress progress_;
  Millis patience_;
  const Clock& clock_;
  std::map<TopicPartition, Restoring> restoring_;
  /// Empty between steps. A member, so that its memory is reused.
  std::vector<ConsumerRecord> records_;
  /// The consumer's assignment differs from restoring_.
  bool assignment_changed_ = false;
};

}  // namespace millrace::detail
