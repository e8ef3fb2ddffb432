#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/common/time.hpp"
#include "runtime/task/task_metrics.hpp"
#include "state/store_set.hpp"

namespace millrace::detail {

/// Brings the stores of a thread's new tasks up to date from their changelogs, a step at a time.
///
/// A changelog is read to the end that it has when the task comes in, and that is the end of the log, not the last
/// stable offset: the committed offsets of a previous owner may be known before the markers of the same transaction
/// have reached the changelog, and its records must not be missed. If a transaction is still open there, reading waits
/// until it has ended. (Kafka Streams: `StoreChangelogReader`; KAFKA-10167.)
class ChangelogReader {
 public:
  /// Told (store, records so far, records in all).
  using Progress = std::function<void(const std::string&, std::int64_t, std::int64_t)>;

  /// `patience`: after as long without news of a changelog a warning says what is waited for, and again and again.
  ChangelogReader(std::unique_ptr<Consumer> consumer, Admin& admin, Progress progress, Millis patience,
                  const Clock& clock)
      : consumer_(std::move(consumer)),
        admin_(admin),
        progress_(std::move(progress)),
        patience_(patience),
        clock_(clock) {}

  /// Looks up how far each store of a task is behind, and begins to restore it. `processed`: the task's committed
  /// offsets: a store that is rebuilt from the topic of a source is restored up to there, since what comes behind is
  /// still to be processed. After an exception nothing was added.
  void add(StoreSet& stores, const std::shared_ptr<TaskMetrics>& metrics,
           const std::map<TopicPartition, OffsetAndMetadata>& processed, Millis timeout);
  void remove(const StoreSet& stores);

  /// Whether all stores of the set are up to date.
  [[nodiscard]] bool done(const StoreSet& stores) const;
  [[nodiscard]] bool idle() const { return restoring_.empty() && !assignment_changed_; }

  /// Reads and applies one batch, waiting up to `timeout` for it.
  void step(Millis timeout);

 private:
  struct Restoring {
    StoreSet* stores;
    StorePosition* store;
    std::shared_ptr<TaskMetrics> metrics;  ///< of the task that the stores are for
    Offset start;
    Offset end;
    Offset position;
    Timestamp moved_at;  ///< or warned at
    std::vector<ConsumerRecord> batch;

    [[nodiscard]] Offset next_offset() const { return *store->next_offset(); }
  };

  void reassign();
  void apply(Restoring& restoring);
  void finish_caught_up();
  void warn_of_standstill();

  std::unique_ptr<Consumer> consumer_;
  Admin& admin_;
  Progress progress_;
  Millis patience_;
  const Clock& clock_;
  std::map<TopicPartition, Restoring> restoring_;
  std::vector<ConsumerRecord> records_;
  bool assignment_changed_ = false;
};

}  // namespace millrace::detail
