#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "runtime/changelog_reader.hpp"
#include "runtime/client_configs.hpp"
#include "runtime/producer_output.hpp"
#include "runtime/stream_task.hpp"
#include "runtime/topology_plan.hpp"
#include "state/state_directory.hpp"

namespace millrace::detail {

/// What the stream threads of one application share. Outlives them.
struct ThreadEnvironment {
  TaskEnvironment task;
  Broker& broker;
  StateDirectory* state_directory;  ///< null: nothing is persistent
  ChangelogReader::Progress restore_progress;
  /// The plan in force; it changes when topics that match a pattern come and go.
  std::function<std::shared_ptr<const TopologyPlan>()> plan;
  /// Offsets that were committed, for purging and for those who wait for progress.
  std::function<void(const std::map<TopicPartition, OffsetAndMetadata>&)> committed;
};

/// One stream thread: a consumer, a producer, and the tasks that the group gave it. It has no thread of its own:
/// whoever calls run_once() is its thread. (Kafka Streams: `StreamThread`, `TaskManager`.)
///
///     starting -> rebalancing <-> running -> closed
class StreamThread final : private RebalanceListener {
 public:
  enum class State { starting, rebalancing, running, closed };

  StreamThread(ThreadEnvironment& environment, ClientNames names);
  ~StreamThread() override;

  /// One round: poll, hand out, restore, process, punctuate, commit. Waits up to `poll.ms` if there is nothing to do.
  /// Recovers by itself from being fenced and from aborted transactions; any other exception is the thread's end.
  void run_once();

  /// Commits, closes the tasks, leaves the group.
  void close_cleanly();
  /// Closes everything without committing.
  void close_dirty();

  /// Ends a wait inside run_once(). From any thread.
  void wakeup() {
    const std::lock_guard lock(consumer_mutex_);
    if (consumer_) consumer_->wakeup();
  }

  [[nodiscard]] State state() const { return state_; }           ///< from any thread
  [[nodiscard]] bool has_no_tasks() const { return no_tasks_; }  ///< from any thread
  [[nodiscard]] const ClientNames& names() const { return names_; }

  // Counters, from any thread.
  std::atomic<std::uint64_t> processed_records{0};
  std::atomic<std::uint64_t> dropped_records{0};
  std::atomic<std::uint64_t> restored_records{0};
  std::atomic<std::uint64_t> commits{0};

 private:
  struct OwnedTask {
    std::optional<StateDirectory::TaskLock> lock;
    std::unique_ptr<StreamTask> task;
    std::uint64_t counted_processed = 0;
    std::uint64_t counted_dropped = 0;
    std::vector<TopicPartition> paused;
  };

  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> give_up(const std::vector<TopicPartition>& partitions);

  void make_clients();
  void round();
  void subscribe();
  void open_waiting_tasks();
  [[nodiscard]] bool open_task(TaskId id);
  void apply_committed_offsets(StreamTask& task);
  void poll_records();
  void dispatch();
  [[nodiscard]] bool waits_for_directory(const TopicPartition& partition) const;
  void control_flow();
  void restore();
  bool process();
  void punctuate();
  void commit_if_due();
  void commit(bool all_offsets);
  void restart_from_committed(const std::string& reason);
  void close_task(OwnedTask& owned, bool clean);
  void close_all_dirty();
  void count(OwnedTask& owned);
  [[nodiscard]] Millis poll_timeout() const;
  [[nodiscard]] Timestamp now() const { return environment_.task.clock.now(); }
  [[nodiscard]] std::optional<std::int64_t> lag(const TopicPartition& partition) {
    return consumer_->current_lag(partition);
  }

  ThreadEnvironment& environment_;
  ClientNames names_;
  const StreamsConfig& config_;
  bool exactly_once_;
  std::int64_t commit_interval_ms_;
  std::int64_t max_task_idle_ms_;
  std::int64_t uncommitted_max_bytes_;
  std::size_t buffered_records_;
  std::size_t max_poll_records_;
  Millis transaction_timeout_;

  std::mutex consumer_mutex_;  ///< for wakeup() against the consumer being replaced
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<ProducerOutput> output_;
  std::unique_ptr<ChangelogReader> changelogs_;
  std::shared_ptr<const TopologyPlan> plan_;
  std::vector<TaskId> waiting_;  ///< assigned, but their directory is still in use by another thread
  std::map<TaskId, OwnedTask> tasks_;
  std::map<TopicPartition, std::pair<StreamTask*, RecordQueues::Queue*>> inputs_;
  std::vector<ConsumerRecord> records_;  ///< polled, not handed out: their task waits for its directory
  bool has_work_ = false;
  bool work_lost_ = false;  ///< an open transaction had to be given up
  Timestamp last_commit_ = 0;
  Timestamp last_full_commit_ = 0;
  std::atomic<State> state_{State::starting};
  std::atomic<bool> no_tasks_{true};
};

}  // namespace millrace::detail
