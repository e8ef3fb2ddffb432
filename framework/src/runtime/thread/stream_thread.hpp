#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/thread/client_configs.hpp"
#include "runtime/thread/committer.hpp"
#include "runtime/thread/failure_streak.hpp"
#include "runtime/thread/membership.hpp"
#include "runtime/thread/patience.hpp"
#include "runtime/thread/producer_output.hpp"
#include "runtime/thread/round_scheduler.hpp"
#include "runtime/thread/task_manager.hpp"
#include "runtime/thread/thread_environment.hpp"
#include "runtime/thread/thread_metrics.hpp"

namespace millrace::detail {

/// One stream thread: a consumer, a producer, and the tasks that the group gave it. It has no thread of its own:
/// whoever calls run_once() is its thread. (Kafka Streams: `StreamThread`.)
///
///     starting -> rebalancing <-> running -> closed
///
/// This class does the input and output. What to do next is decided by small state machines that do none: Membership
/// (where the thread stands with its group), RoundScheduler (how many records go before something else is due),
/// Committer (when to commit, and what follows from a failure), FailureStreak (when to try again).
///
/// Failures that may pass (an aborted transaction, a broker out of reach, being fenced) do not end the thread: its
/// tasks start again from their last commit, after a pause. The thread stays a member of the group meanwhile.
class StreamThread final : private RebalanceListener {
 public:
  enum class State { starting, rebalancing, running, closed };

  /// Makes the clients, so that wrong client settings show at once. Nothing is sent yet.
  StreamThread(ThreadEnvironment& environment, ClientNames names);
  ~StreamThread() override;

  /// One round: poll, hand out, restore, process, punctuate, commit. Waits up to `poll.ms` if there is nothing to do.
  /// What it throws is the thread's end.
  void run_once();

  /// Commits, closes the tasks, leaves the group.
  void close_cleanly();
  /// Closes everything without committing, leaves the group.
  void close_dirty();

  /// Ends a wait or a round inside run_once(), or else that of the next call: a wait at once, a round after the slice
  /// of records in hand. From any thread.
  void wakeup();
  /// Nothing that the thread does waits for the broker beyond this time any more. From any thread.
  void end_by(Patience::SteadyClock::time_point deadline) { patience_.end_by(deadline); }

  [[nodiscard]] State state() const;  ///< from any thread
  [[nodiscard]] const ClientNames& names() const { return names_; }

 private:
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> hand_over(const std::vector<TopicPartition>& partitions, bool clean);
  [[nodiscard]] bool any_running(const std::vector<TopicPartition>& leads) const;

  void round();
  void connect();
  [[nodiscard]] std::unique_ptr<ProducerOutput> make_output();
  void follow_plan();
  void poll();
  void process();
  int process_slice(StreamTask& task, int records, Timestamp start);
  void punctuate();
  void update_state();
  void check_membership();
  [[nodiscard]] Millis poll_timeout() const;
  [[nodiscard]] std::optional<Timestamp> next_punctuation() const;

  [[nodiscard]] Timestamp commit_at() const;
  [[nodiscard]] bool commit_due() const;
  void commit_if_due();
  void commit(bool all_offsets);
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> offsets_to_commit(bool all) const;

  void recover(const BrokerException& error);
  [[nodiscard]] BrokerException give_up(const BrokerException& error) const;
  [[nodiscard]] BrokerException explain(const BrokerException& error);
  void restart_tasks();
  void pause_until_retry();
  void drop_output();
  /// For intervals; punctuations go by the wall clock.
  [[nodiscard]] Timestamp now() const { return environment_.task.clock.monotonic_ms(); }

  ThreadEnvironment& environment_;
  ClientNames names_;
  const StreamsConfig& config_;
  const bool exactly_once_;
  const std::int64_t max_task_idle_ms_;
  const Millis poll_;                                ///< poll.ms
  const Millis give_up_after_;                       ///< millrace.connect.timeout.ms
  const std::optional<Millis> transaction_timeout_;  ///< unset: at least once
  std::size_t max_poll_records_ = 0;

  Patience patience_;
  Membership membership_;
  RoundScheduler rounds_;
  Committer committer_;
  FailureStreak failures_;
  ThreadMetrics metrics_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<ProducerOutput> output_;  ///< null: none could be made since the last failure
  std::unique_ptr<TaskManager> tasks_;
  std::shared_ptr<const TopologyPlan> plan_;
  std::vector<ConsumerRecord> records_;  ///< polled, not handed out yet
  std::size_t last_task_ = 0;            ///< whose turn it was last

  std::mutex wakeup_mutex_;  ///< guards the consumer's existence against wakeup(), and what follows
  std::condition_variable wakeup_condition_;
  bool woken_ = false;
};

/// `RUNNING`, `REBALANCING`...: the value of the metric `state`.
[[nodiscard]] const char* to_string(StreamThread::State state);

}  // namespace millrace::detail
