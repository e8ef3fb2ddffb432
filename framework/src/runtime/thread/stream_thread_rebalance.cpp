// SPDX-License-Identifier: Apache-2.0
// What StreamThread does as a member of its group: it joins and leaves, it watches the other members, and it is the
// RebalanceListener, which learns which partitions the group assigns or takes away.
//
// The functions of the listener run on the stream thread, inside calls of the consumer. They name partitions of lead
// topics, because the thread subscribes to no others. They return the inputs of the tasks, so that the consumer reads
// these as well.
#include <algorithm>
#include <iterator>

#include "millrace/common/logging.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {
namespace {

constexpr int kCommitTries = 3;
/// A group refuses the commit of a member that has missed a rebalance within this time.
constexpr Millis kLongestRefusal{2'000};

}  // namespace

// --- membership

/// The client.id shows the fingerprint of the plan to other members, which read it in the description of the group.
std::unique_ptr<Consumer> StreamThread::make_consumer(const TopologyPlan& plan) {
  auto consumer =
      environment_.broker.make_consumer(with_plan(main_consumer_config(config_, names_), plan.fingerprint()));
  subscribed_plan_ = plan.fingerprint();
  group_.use(*consumer, plan.fingerprint());
  return consumer;
}

void StreamThread::follow_plan() {
  auto plan = environment_.plan();
  if (plan == plan_) return;
  if (plan_) {
    log(LogLevel::info, names_.thread_name() + ": the source topics have changed; joining the group anew");
  }
  if (plan_ || plan->fingerprint() != subscribed_plan_) change_consumer(*plan);
  plan_ = std::move(plan);
  // Before subscribe(): events of the new subscription must find the state `joining`.
  membership_.subscribed(now());
  consumer_->subscribe(plan_->lead_topics(), *this);
}

/// Closes all tasks, leaves the group, and makes a consumer that can join the group with this plan. A new consumer is
/// necessary because the client.id of a consumer cannot change.
void StreamThread::change_consumer(const TopologyPlan& plan) {
  bool committed = false;
  try {
    committed = commit_before_leaving();
  } catch (const BrokerException& error) {
    log(LogLevel::warn, names_.thread_name() + ": no commit before joining the group anew: " + error.what());
  } catch (const TaskRetry& failure) {
    log(LogLevel::warn, names_.thread_name() + ": no commit before joining the group anew: " + failure.what());
  }
  tasks_->remove_all(committed);
  if (!committed) {
    restart_tasks();
    connect();
  }
  records_.clear();
  auto fresh = make_consumer(plan);
  tasks_->use(*fresh);
  {
    const std::lock_guard lock(wakeup_mutex_);
    std::swap(consumer_, fresh);
  }
  // Destroying the old consumer leaves the group. That may call this listener, which has no tasks any more.
  fresh.reset();
}

/// Commits all running tasks, after the thread has followed the last rebalance. Returns false if the group has given
/// the partitions to other members: the work since the last commit is lost. Throws BrokerException if the commit fails.
bool StreamThread::commit_before_leaving() {
  const Timestamp begin = now();
  for (int tries = 1;; ++tries) {
    try {
      follow_group();
      if (membership_.lost()) return false;
      commit(false);
      return true;
    } catch (const BrokerException& error) {
      // Exactly once: the transaction has failed together with the commit, so another attempt is useless. At least
      // once: the group may have rebalanced again, so another attempt may succeed. The group says so at once. A failure
      // that took longer has another cause, for example a topic that does not exist, and would only delay the end.
      const bool at_once = now() - begin < kLongestRefusal.count();
      if (exactly_once_ || error.severity() != BrokerException::Severity::retriable || !at_once ||
          tries == kCommitTries) {
        throw;
      }
    }
  }
}

/// The group may have started a rebalance that this member does not know of. Then the broker would refuse a commit. A
/// poll without records runs the listener first.
void StreamThread::follow_group() { consumer_->poll(records_, 0, Millis(0)); }

void StreamThread::look_at_group() {
  const auto waiting = tasks_->waiting();
  try {
    group_.look(!waiting.empty(), !tasks_->running().empty());
  } catch (const BrokerException& error) {
    if (error.severity() == BrokerException::Severity::retriable) throw give_up(error);
    throw;
  }
  group_.report(waiting);
}

// --- other members (docs/group-protocol.md)

/// The membership to commit with. In each new generation, checks first that no other member has committed offsets of
/// this thread's tasks. Throws BrokerException (fenced) if one has.
ConsumerGroupMetadata StreamThread::membership_for_commit() {
  for (int tries = 1;; ++tries) {
    ConsumerGroupMetadata group = group_.for_commit(patience_);
    const std::uint64_t epoch = group_.ownership().epoch();
    if (checked_epoch_ == epoch) return group;
    bool untouched = false;
    patience_([&](Millis slice) { untouched = tasks_->untouched(slice); });
    if (!untouched) {
      throw BrokerException(BrokerException::Severity::fenced,
                            "another member has committed offsets of group '" + names_.application_id +
                                "' meanwhile: the tasks continue from these offsets");
    }
    checked_epoch_ = epoch;
    // The group may have rebalanced during the request.
    if (tries == kCommitTries || group_.unmoved()) return group;
  }
}

/// Restarts the tasks, which then wait until the strangers have left the group. This is not counted as a failure, so
/// the thread never gives up because of strangers.
void StreamThread::step_back(const StrangersInGroup& error) {
  log(LogLevel::error, names_.thread_name() + ": the work since the last commit is discarded: " + error.what());
  restart_tasks();
}

// --- RebalanceListener

std::vector<TopicPartition> StreamThread::on_partitions_assigned(const std::vector<TopicPartition>& partitions) {
  // The thread is ending and takes no tasks.
  if (membership_.closed()) return partitions;
  group_.rebalanced();
  // If the group removes a member without tasks, the listener is not called. So the membership may be a new one.
  if (tasks_->empty()) group_.forget();
  membership_.assigned(!partitions.empty());
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    if (const auto task = plan_->task_for(lead)) {
      // Here the task is only noted. It is opened in a round, because opening takes time and the group waits for this
      // call.
      std::ranges::copy(tasks_->add(*task, plan_), std::back_inserter(inputs));
    } else {
      // The topic has grown since the plan was made. The partition stays without a task until there is a new plan.
      log(LogLevel::info, names_.thread_name() + ": " + lead.str() + " is a new partition; it waits for a new plan");
      environment_.replan();
    }
  }
  return inputs;
}

std::vector<TopicPartition> StreamThread::on_partitions_revoked(const std::vector<TopicPartition>& partitions) {
  group_.rebalanced();
  // A member that was removed from the group must not commit.
  if (membership_.outside()) return on_partitions_lost(partitions);
  // Nothing to commit, or nothing that can be committed.
  if (!any_running(partitions) || membership_.lost()) return hand_over(partitions, false);
  membership_.begin_hand_over();
  bool committed = false;
  bool must_restart = false;
  try {
    // All tasks of the thread are committed, because they share the producer. Under exactly-once they share the
    // transaction, too.
    commit(false);
    committed = true;
  } catch (const BrokerException& error) {
    // The revocation cannot be stopped. The new owner starts from the last commit and repeats what came after it.
    log(LogLevel::warn, names_.thread_name() + ": could not commit before giving partitions back: " + error.what());
  } catch (const TaskRetry& failure) {
    // The revocation cannot wait for another attempt. The failed task has handed out a part of its changes already, so
    // all tasks start again from their last commit.
    must_restart = true;
    log(LogLevel::warn, names_.thread_name() + ": could not commit before giving partitions back: " + failure.what());
  } catch (const StateCorruptedException& error) {
    must_restart = tasks_->damaged(error.directory());
    if (!must_restart) throw;
    log(LogLevel::warn, names_.thread_name() + ": could not commit before giving partitions back: " + error.what());
  }
  // The transaction contains work of all tasks. So without a commit, the tasks that stay must start again as well.
  membership_.end_hand_over((exactly_once_ && !committed) || must_restart);
  return hand_over(partitions, committed);
}

std::vector<TopicPartition> StreamThread::on_partitions_lost(const std::vector<TopicPartition>& partitions) {
  // Another member may already run these tasks, so nothing is committed here.
  if (any_running(partitions)) {
    log(LogLevel::warn,
        names_.thread_name() +
            ": the group has given partitions to other members; they repeat the work since the last commit");
  }
  group_.forget();
  // If something was sent, it is in an open transaction, which must be aborted. After a step that was too long, the
  // thread must start again, because recover() then names the step.
  const bool too_slow = slow_steps_.lost_partitions();
  const bool work_lost = too_slow || (exactly_once_ && output_ && output_->dirty());
  if (!membership_.closed()) membership_.partitions_lost(work_lost, now());
  return hand_over(partitions, false);
}

std::vector<TopicPartition> StreamThread::hand_over(const std::vector<TopicPartition>& partitions, bool clean) {
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    const auto task = plan_->task_for(lead);
    // A partition that the plan does not know has no task.
    if (!task) continue;
    std::ranges::copy(plan_->inputs_of(*task), std::back_inserter(inputs));
    tasks_->remove(*task, clean);
  }
  return inputs;
}

bool StreamThread::any_running(const std::vector<TopicPartition>& leads) const {
  return std::ranges::any_of(tasks_->running(), [&](const StreamTask* task) {
    return std::ranges::any_of(leads,
                               [&](const TopicPartition& lead) { return plan_->task_for(lead) == task->task_id(); });
  });
}

}  // namespace millrace::detail
