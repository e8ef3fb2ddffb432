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
#include "runtime/task/source_restorer.hpp"
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

  /// Writes to a store's changelog what the store has for the keys of some records.
  using WritePresent = std::function<void(const StorePosition&, std::span<const RestoreRecord>)>;
  /// What becomes of the changelog behind the position of a persistent store.
  enum class Tail {
    applied,     ///< the store gets it
    taken_back,  ///< the store is what it has to be at that place of the input: the changelog is made to say the same
  };

  /// Looks up how far each store of a task is behind, and begins to restore it. `processed`: where the task's input
  /// goes on: a store that is rebuilt from the topic of a source is restored up to there, since what comes behind is
  /// still to be processed. After an exception nothing was added.
  ///
  /// A table whose changelog has nothing of what its topic has is filled from the topic, and written to the changelog.
  /// Reasons: the topic was the changelog before (topology.optimization), or the changelog was deleted.
  ///
  /// `sources`: reads the records of a source topic as processing does, for the stores that are restored or filled from
  /// one. Kept until the last of them is done. Null: there are no such stores, or their bytes are copied.
  void add(StoreSet& stores, const std::shared_ptr<TaskMetrics>& metrics,
           const std::map<TopicPartition, OffsetAndMetadata>& processed, Millis timeout,
           const WritePresent& write_present, Tail tail, const std::shared_ptr<SourceRestorer>& sources = {});
  /// The task ends. What was restored so far stays in its stores.
  void remove(const StoreSet& stores);

  /// Whether all stores of the set are up to date.
  [[nodiscard]] bool done(const StoreSet& stores) const;
  /// Whether step() has nothing to do.
  [[nodiscard]] bool idle() const { return restoring_.empty() && !assignment_changed_; }

  /// Reads one batch and applies it to the stores. Waits up to `timeout` for records.
  void step(Millis timeout);

 private:
  /// What the records of a partition are for.
  enum class Way {
    restore,    ///< the store gets them. If there is none, `next` says what the table's topic has
    take_back,  ///< the changelog gets what the store has for their keys
    fill,       ///< both. Then the changelog's older records, between `next`, are taken back
  };
  /// The restore of one store from one partition.
  struct Restoring {
    StoreSet* stores;                      ///< owned by the task manager
    StorePosition* store;                  ///< an element of `stores`
    std::shared_ptr<TaskMetrics> metrics;  ///< of the task
    Offset start;                          ///< first offset to read
    Offset end;                            ///< offset where restoring ends; exclusive
    Offset position;                       ///< of the consumer, as last seen
    /// When `position` last changed, or when the last warning was logged. Clock::monotonic_ms().
    Timestamp moved_at;
    Way way;
    WritePresent write_present;  ///< for all ways but `restore`
    Offset done_until;           ///< used instead of the store's position, which stays; not for `restore`
    Watermarks next;             ///< what may have to be read behind this: see Way
    std::shared_ptr<SourceRestorer> sources;
    /// The records are of a source topic, and `sources` processes them. Otherwise their bytes are copied.
    bool through_source = false;
    bool found = false;                 ///< a record has come
    std::vector<ConsumerRecord> batch;  ///< polled in the present step

    [[nodiscard]] Offset next_offset() const { return way == Way::restore ? *store->next_offset() : done_until; }
  };

  void begin(StoreSet& stores, StorePosition& store, const std::shared_ptr<TaskMetrics>& metrics, Way way,
             Watermarks bounds, const WritePresent& write_present, Watermarks next,
             const std::shared_ptr<SourceRestorer>& sources);
  /// What comes after a partition that is read to its end.
  void follow(const Restoring& ended);

  /// Tells the consumer which partitions to read.
  void reassign();
  /// Applies a batch to its store.
  void apply(Restoring& restoring);
  void apply_through_source(Restoring& restoring);
  void apply_bytes(Restoring& restoring);
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
