#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "runtime/stream_task.hpp"

namespace millrace::detail {

/// Brings the stores of a thread's new tasks up to date from their changelogs, a step at a time.
/// (Kafka Streams: `StoreChangelogReader`.)
class ChangelogReader {
 public:
  /// Told (store, records so far, records in all).
  using Progress = std::function<void(const std::string&, std::int64_t, std::int64_t)>;

  ChangelogReader(std::unique_ptr<Consumer> consumer, Progress progress)
      : consumer_(std::move(consumer)), progress_(std::move(progress)) {}

  /// Looks up how far each store of the task is behind. A store whose local data do not fit the changelog (deleted or
  /// made anew meanwhile) is emptied and restored from the beginning.
  void add(StreamTask& task, Millis timeout);
  void remove(const StreamTask& task);

  /// Whether all stores of the task are up to date.
  [[nodiscard]] bool done(const StreamTask& task) const;
  [[nodiscard]] bool idle() const { return restoring_.empty(); }

  /// Reads and applies one batch, waiting up to `timeout` for it.
  void step(Millis timeout);

  [[nodiscard]] std::uint64_t restored_records() const { return restored_; }

 private:
  struct Restoring {
    StreamTask* task;
    TaskStores::Logged* logged;
    std::int64_t start;
    std::int64_t end;
    std::vector<ConsumerRecord> batch;
  };

  void reassign();
  void apply(Restoring& restoring);
  void finish_caught_up();

  std::unique_ptr<Consumer> consumer_;
  Progress progress_;
  std::map<TopicPartition, Restoring> restoring_;
  std::vector<ConsumerRecord> records_;
  std::uint64_t restored_ = 0;
  bool assignment_changed_ = false;
};

}  // namespace millrace::detail
