// The RebalanceListener of StreamThread: what happens when the group assigns partitions or takes them away.
//
// All functions run on the stream thread, inside calls of the consumer. They name partitions of lead topics, because
// the thread subscribes to no others. They return the inputs of the tasks, so that the consumer reads these as well.
#include <algorithm>
#include <iterator>

#include "millrace/common/logging.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {

std::vector<TopicPartition> StreamThread::on_partitions_assigned(const std::vector<TopicPartition>& partitions) {
  // The thread is ending and takes no tasks.
  if (membership_.closed()) return partitions;
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
  // A member that was removed from the group must not commit.
  if (membership_.outside()) return on_partitions_lost(partitions);
  // Nothing to commit, or nothing that can be committed.
  if (!any_running(partitions) || membership_.lost()) return hand_over(partitions, false);
  membership_.begin_hand_over();
  bool committed = false;
  try {
    // All tasks of the thread are committed, because they share the producer. Under exactly-once they share the
    // transaction, too.
    commit(false);
    committed = true;
  } catch (const BrokerException& error) {
    // The revocation cannot be stopped. The new owner starts from the last commit and repeats what came after it.
    log(LogLevel::warn, names_.thread_name() + ": could not commit before giving partitions back: " + error.what());
  }
  // The transaction contains work of all tasks. So without a commit, the tasks that stay must start again as well.
  membership_.end_hand_over(exactly_once_ && !committed);
  return hand_over(partitions, committed);
}

std::vector<TopicPartition> StreamThread::on_partitions_lost(const std::vector<TopicPartition>& partitions) {
  // Another member may already run these tasks, so nothing is committed here.
  if (any_running(partitions)) {
    log(LogLevel::warn,
        names_.thread_name() +
            ": the group has given partitions to other members; they repeat the work since the last commit");
  }
  // If something was sent, it is in an open transaction, which must be aborted.
  if (!membership_.closed()) membership_.partitions_lost(exactly_once_ && output_ && output_->dirty(), now());
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
