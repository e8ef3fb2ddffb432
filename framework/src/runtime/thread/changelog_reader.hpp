// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/common/time.hpp"
#include "runtime/task/input_offsets.hpp"
#include "runtime/task/source_restorer.hpp"
#include "runtime/task/task_metrics.hpp"
#include "runtime/thread/proof_check.hpp"
#include "runtime/thread/retry_streak.hpp"
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
  /// `retries`: for source topics whose records cannot be decoded now.
  ChangelogReader(std::unique_ptr<Consumer> consumer, Admin& admin, Progress progress, Millis patience,
                  const Clock& clock, RetrySettings retries = {})
      : consumer_(std::move(consumer)),
        admin_(admin),
        progress_(std::move(progress)),
        patience_(patience),
        clock_(clock),
        retries_(std::move(retries)) {}

  /// Writes the store's present values for the keys of the records to the store's changelog, see
  /// StoreBinding::write_present().
  using WritePresent = std::function<void(const StorePosition&, std::span<const RestoreRecord>)>;
  /// Begins to write all entries of a store to its changelog, see StoreBinding::rewrite().
  using Rewrite = std::function<std::function<bool()>(const StorePosition&)>;
  /// What happens to the changelog records after the position of a persistent store.
  enum class Tail {
    applied,     ///< they are applied to the store
    taken_back,  ///< the store already matches the task's input offsets: the store's values are written to the
                 ///< changelog again
  };

  /// Compares proofs with their logs, see check_proofs(). Restores that are under way go on afterwards.
  [[nodiscard]] std::vector<Verdict> check(std::span<const ProofOfPartition> proofs, Millis timeout);

  /// What add() must know of a task.
  struct Start {
    /// The offsets from which the task continues. A store that is rebuilt from a source topic is restored up to these
    /// offsets, because later records will be processed as input.
    std::map<TopicPartition, OffsetAndMetadata> processed = {};
    Tail tail = Tail::applied;
    /// Changelogs and source topics that were deleted and created again.
    std::set<TopicPartition> made_anew = {};
    LocalState state = LocalState::behind;
    /// Stores whose changelog had records when the offsets were committed.
    std::set<std::string> logged = {};
    WritePresent write_present = {};
    Rewrite rewrite = {};
    /// Restores and fills stores from a source topic by processing its records. Kept until the last of these stores is
    /// complete. Null: there are no such stores, or the bytes of the topic are copied.
    std::shared_ptr<SourceRestorer> sources = {};
  };
  /// Finds out how far each store of a task is behind its changelog, and starts to restore it. Each request may take up
  /// to `timeout`. If an exception is thrown, nothing was added, and the call can be repeated.
  ///
  /// If a changelog was deleted and created again, a complete store is written to it. An incomplete store is restored
  /// from its beginning. If the new changelog is still empty, the records that the store lacks are lost. Then add()
  /// throws TaskFailure, because the task would continue with wrong results.
  ///
  /// If the changelog of a table lacks the records of the table's topic, the table is filled from the topic, and its
  /// rows are written to the changelog. There are two causes: the topic was the changelog before
  /// (topology.optimization), or the changelog was deleted.
  void add(StoreSet& stores, const std::shared_ptr<TaskMetrics>& metrics, const Start& start, Millis timeout);
  /// The task ends. What was restored so far stays in its stores.
  void remove(const StoreSet& stores);

  /// Whether all stores of the set are up to date.
  [[nodiscard]] bool done(const StoreSet& stores) const;
  /// Whether step() has nothing to do.
  [[nodiscard]] bool idle() const { return restoring_.empty() && rewriting_.empty() && !assignment_changed_; }

  /// Reads one batch and applies it to the stores. Waits up to `timeout` for records. If a record of a source topic
  /// cannot be decoded now (RetriableException), the store waits and the others go on. Throws StreamsException if that
  /// takes longer than task.timeout.ms.
  void step(Millis timeout);

 private:
  /// What is done with the records of a partition.
  enum class Way {
    restore,    ///< they are applied to the store; if there are none, the table is filled from its topic
    take_back,  ///< for each key, the store's present value is written to the changelog
    fill,  ///< they are applied to the store and written to the changelog; then older changelog records are taken back
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
    WritePresent write_present;  ///< used by take_back and fill
    /// For take_back and fill: the next offset to read. The store's position does not move.
    Offset done_until;
    /// The offsets to read after this partition. For restore: of the table's topic; for fill: of the changelog.
    Watermarks next;
    std::shared_ptr<SourceRestorer> sources;
    /// The records come from a source topic, and `sources` processes them. False: their bytes are copied.
    bool through_source = false;
    bool found = false;  ///< at least one record was read
    /// Set while a record cannot be decoded: the partition is not read until the next attempt.
    std::optional<RetryStreak> retry = {};
    bool waits = false;
    std::vector<ConsumerRecord> batch;  ///< polled in the present step

    [[nodiscard]] Offset next_offset() const { return way == Way::restore ? *store->next_offset() : done_until; }
  };

  /// A store that is written to its changelog.
  struct Rewriting {
    const StoreSet* stores;
    /// Writes some entries; returns false after the last one.
    std::function<bool()> more;
  };

  /// Throws TaskFailure if a store lacks records that its changelog does not have either.
  static void refuse_losses(const StoreSet& stores, const std::map<TopicPartition, Watermarks>& held,
                            const Start& start);
  /// Starts to read one partition. `bounds`: the offsets to read, `high` exclusive. `next`: see Restoring::next. Does
  /// nothing if `bounds` is empty.
  void begin(StoreSet& stores, StorePosition& store, const std::shared_ptr<TaskMetrics>& metrics, Way way,
             Watermarks bounds, const WritePresent& write_present, Watermarks next,
             const std::shared_ptr<SourceRestorer>& sources);
  /// Called for each partition that was read to its end: ends the restore of the store, or starts the next step of it.
  void follow(const Restoring& ended);

  /// Tells the consumer which partitions to read.
  void reassign();
  /// Applies a batch to its store.
  void apply(Restoring& restoring);
  /// Reads partitions again that have waited until now.
  void end_waiting();
  /// A record of the batch could not be decoded.
  void wait_for_retry(Restoring& restoring, const TaskRetry& failure);
  /// SourceRestorer processes the records of the batch.
  void apply_through_source(Restoring& restoring);
  /// The bytes of the batch are copied into the store or compared with it.
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
  RetrySettings retries_;
  std::map<TopicPartition, Restoring> restoring_;
  std::vector<Rewriting> rewriting_;
  /// Empty between steps. A member, so that its memory is reused.
  std::vector<ConsumerRecord> records_;
  /// The consumer's assignment differs from restoring_.
  bool assignment_changed_ = false;
};

}  // namespace millrace::detail
