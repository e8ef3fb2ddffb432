// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/thread/client_configs.hpp"
#include "runtime/thread/committer.hpp"
#include "runtime/thread/failure_streak.hpp"
#include "runtime/thread/group_check.hpp"
#include "runtime/thread/membership.hpp"
#include "runtime/thread/patience.hpp"
#include "runtime/thread/producer_output.hpp"
#include "runtime/thread/round_scheduler.hpp"
#include "runtime/thread/slow_steps.hpp"
#include "runtime/thread/task_manager.hpp"
#include "runtime/thread/task_retries.hpp"
#include "runtime/thread/thread_environment.hpp"
#include "runtime/thread/thread_metrics.hpp"

namespace millrace::detail {

/// One stream thread: a consumer, a producer, and the tasks that the group has assigned. (Kafka Streams:
/// `StreamThread`.)
///
///     starting -> rebalancing <-> running -> closed
///
/// This class does all input and output, partly through GroupCheck. Six small state machines without any input or
/// output decide what to do: Membership (the state in the group), Ownership (whether a task may run and a commit be
/// made, while members of the group have different plans), RoundScheduler (how many records to process), Committer
/// (when to commit, and what a failed commit means), FailureStreak (when to try again), TaskRetries (the same for
/// single tasks).
///
/// Threads  The object starts no thread. The thread that calls run_once() is the stream thread. The methods that other
///          threads may call say so.
/// Errors   Failures that may be temporary do not end the thread: an aborted transaction, an unreachable broker, being
///          fenced. After a pause, all tasks start again from their last commit. The thread stays in the group
///          meanwhile. If members of the group do not follow the group protocol, the tasks start again and wait until
///          these members have left. If a serde or a function of the user asks to try again (RetriableException), the
///          task waits and tries again, and the others go on. All other exceptions leave run_once(), and the thread
///          must be closed.
class StreamThread final : private RebalanceListener {
 public:
  /// What the application shows. Membership has the finer states.
  enum class State { starting, rebalancing, running, closed };

  /// Makes the clients, so that wrong client settings are reported at once. Sends nothing yet. `environment` must
  /// outlive the object.
  StreamThread(ThreadEnvironment& environment, ClientNames names);
  ~StreamThread() override;

  /// One round: poll, distribute the records, restore, process, punctuate, commit. Waits up to `poll.ms` if there is
  /// nothing to do. An exception means that the thread must end.
  void run_once();

  /// Commits, closes the tasks and leaves the group. If that fails, logs why, closes the rest without a commit, and
  /// returns false. Must be called on the stream thread.
  bool close_cleanly();
  /// Closes everything without a commit and leaves the group. Further calls do nothing.
  void close_dirty();

  /// Ends a wait or a round that is under way. A wait ends at once, a round after the present slice of records.
  /// Otherwise the next run_once() is affected. From any thread.
  void wakeup();
  /// From now on, no wait for the broker goes beyond this time. From any thread.
  void end_by(Patience::SteadyClock::time_point deadline) { patience_.end_by(deadline); }

  /// From any thread.
  [[nodiscard]] State state() const;
  [[nodiscard]] const ClientNames& names() const { return names_; }

 private:
  // --- RebalanceListener: called inside consumer calls, on the stream thread
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override;
  /// Closes the tasks of these partitions of lead topics. Returns the input partitions to stop reading. `clean`: their
  /// work is committed.
  std::vector<TopicPartition> hand_over(const std::vector<TopicPartition>& partitions, bool clean);
  /// Whether a task of one of these partitions is running, so that there may be uncommitted work.
  [[nodiscard]] bool any_running(const std::vector<TopicPartition>& leads) const;

  /// The body of run_once(). Throws BrokerException if the tasks must start again.
  void round();
  /// Makes a producer if there is none, and prepares it.
  void connect();
  [[nodiscard]] std::unique_ptr<ProducerOutput> make_output();
  /// Makes a consumer whose client.id shows the fingerprint of `plan`.
  [[nodiscard]] std::unique_ptr<Consumer> make_consumer(const TopologyPlan& plan);
  /// Subscribes to the lead topics of a new plan.
  void follow_plan();
  void change_consumer(const TopologyPlan& plan);
  [[nodiscard]] bool commit_before_leaving();
  void follow_group();
  /// Describes the group if that is due, and logs which tasks wait for other members. Throws StrangersInGroup.
  void look_at_group();
  /// Reads records into records_. Runs the rebalance listener.
  void poll();
  /// Processes records of all tasks in turn, until the round ends or there is nothing to process.
  void process();
  /// Tells the tasks that try again how far they may go, and tries records that are released.
  void process_retries(Timestamp start);
  /// Processes up to `records` records of one task. `start`: when the round began. Returns how many there were.
  int process_slice(StreamTask& task, int records, Timestamp start);
  /// A task has just processed so many records.
  void note_records(StreamTask& task, int records);
  /// Measures a step of a task until the result is destroyed.
  [[nodiscard]] MeasuredStep measure(StreamTask& task, SlowSteps::Kind kind) {
    return {slow_steps_, environment_.task.clock, task.task_id(), kind, task.node_timer()};
  }
  /// Runs the wall-clock punctuations that are due.
  void punctuate();
  /// Tells Membership and FailureStreak whether all tasks run.
  void update_state();
  /// If this member has been outside of the group for some time, asks the coordinator for the state and the members of
  /// the group, and logs the answer. Throws a fatal BrokerException if the coordinator has not answered for
  /// millrace.connect.timeout.ms.
  void check_membership();
  /// How long the poll may wait for records.
  [[nodiscard]] Millis poll_timeout() const;
  /// When the first wall-clock punctuation is due, in the time of now(). nullopt: none is scheduled.
  [[nodiscard]] std::optional<Timestamp> next_punctuation() const;

  /// When the next commit is due by time. REQUIRES: output_ is set.
  [[nodiscard]] Timestamp commit_at() const;
  /// Whether a commit is due by time, by a processor's request, or by the amount of uncommitted data.
  [[nodiscard]] bool commit_due() const;
  void commit_if_due();
  /// Whether a commit contains the claims of tasks that are not running yet; see TaskManager::claims().
  enum class Claims { left_out, included };
  /// Commits all running tasks. Throws BrokerException.
  void commit(bool all_offsets, Claims claims = Claims::left_out);
  [[nodiscard]] ConsumerGroupMetadata membership_for_commit();
  void publish(const std::map<TopicPartition, OffsetAndMetadata>& offsets, const ConsumerGroupMetadata& group,
               bool with_claims);
  /// The offsets of all running tasks; see StreamTask::committable_offsets() about `all`.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> offsets_to_commit(bool all) const;

  /// After a failure: plans the next attempt. Throws a fatal BrokerException if the thread gives up.
  void recover(const BrokerException& error);
  /// A task has asked to try again: plans the next attempt. Throws StreamsException if its time is over.
  void plan_retry(const TaskRetry& failure);
  /// As plan_retry(). A record may be half processed, so all tasks start again from their last commit.
  void retry(const TaskRetry& failure);
  /// At least once: commits all tasks but the failed one, so that they repeat nothing.
  void commit_others(const TaskRetry& failure);
  /// The running tasks, without broken_.
  [[nodiscard]] std::vector<StreamTask*> sound_tasks() const;
  /// If the task has processed the record that it tries again, that is the end of the retries.
  void end_record_retry(StreamTask& task);
  /// Whether a task that tries again has processed everything before its failed record.
  [[nodiscard]] bool stopped_at_retry(TaskId task) const;
  /// Strangers are in the group: the tasks start again from their last commit, and wait.
  void step_back(const StrangersInGroup& error);
  /// The exception for giving up. Its text says what has not worked, and for how long.
  [[nodiscard]] BrokerException give_up(const BrokerException& error) const;
  /// Finds out whether one slow step is the cause of `error`. Returns a clearer exception if so, otherwise `error`.
  [[nodiscard]] BrokerException explain(const BrokerException& error);
  /// All tasks start again from their last commit, with a new producer.
  void restart_tasks();
  /// Waits for a part of the pause. Stays in the group.
  void pause_until_retry();
  /// Aborts the transaction and destroys the producer.
  void drop_output();
  /// For intervals, in ms. Punctuations go by the wall clock instead, which can be set.
  [[nodiscard]] Timestamp now() const { return environment_.task.clock.monotonic_ms(); }

  ThreadEnvironment& environment_;
  ClientNames names_;
  const StreamsConfig& config_;
  const bool exactly_once_;
  const std::int64_t max_task_idle_ms_;
  const Millis poll_;                                ///< poll.ms
  const Millis give_up_after_;                       ///< millrace.connect.timeout.ms
  const std::optional<Millis> transaction_timeout_;  ///< unset: at least once
  /// Records per poll.
  std::size_t max_poll_records_ = 0;

  // The state machines, and the thread's metrics. They need no clients.
  Patience patience_;
  Membership membership_;
  RoundScheduler rounds_;
  SlowSteps slow_steps_;
  Committer committer_;
  FailureStreak failures_;
  TaskRetries retries_;
  std::set<TaskId> broken_;  ///< tasks that cannot be committed; only used by commit_others()
  ThreadMetrics metrics_;
  GroupCheck group_;
  std::uint64_t subscribed_plan_ = 0;          ///< the fingerprint that the consumer shows to the group
  std::optional<Timestamp> waiting_reported_;  ///< when check_membership() last logged its warning; monotonic, in ms
  /// Ownership::epoch() of the last check that no other member has committed offsets of the tasks.
  std::uint64_t checked_epoch_ = 0;
  /// Null after the close. Changed under wakeup_mutex_.
  std::unique_ptr<Consumer> consumer_;
  /// Null from a failure until the next connect().
  std::unique_ptr<ProducerOutput> output_;
  std::unique_ptr<TaskManager> tasks_;
  /// The plan to whose topics the thread is subscribed. Null: not subscribed yet.
  std::shared_ptr<const TopologyPlan> plan_;
  std::shared_ptr<const TopologyPlan> tried_plan_;  ///< the plan in force at the beginning of the last round
  /// Polled, but not given to tasks yet.
  std::vector<ConsumerRecord> records_;
  /// The index of the task that had the last turn.
  std::size_t last_task_ = 0;

  /// Guards woken_, and keeps the consumer alive while wakeup() uses it.
  std::mutex wakeup_mutex_;
  std::condition_variable wakeup_condition_;
  bool woken_ = false;
};

/// The value of the metric `state`: `RUNNING` and so on. The names are those of Kafka Streams.
[[nodiscard]] const char* to_string(StreamThread::State state);

}  // namespace millrace::detail
