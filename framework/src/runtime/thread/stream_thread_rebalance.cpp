// What the group says to a stream thread: the RebalanceListener of StreamThread.
#include <algorithm>
#include <iterator>

#include "millrace/common/logging.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {

std::vector<TopicPartition> StreamThread::on_partitions_assigned(const std::vector<TopicPartition>& partitions) {
  if (membership_.closed()) return partitions;
  membership_.assigned(!partitions.empty());
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    if (const auto task = plan_->task_for(lead)) {
      std::ranges::copy(tasks_->add(*task, plan_), std::back_inserter(inputs));
    } else {
      log(LogLevel::info, names_.thread_name() + ": " + lead.str() + " is new");
      environment_.replan();
    }
  }
  return inputs;
}

std::vector<TopicPartition> StreamThread::on_partitions_revoked(const std::vector<TopicPartition>& partitions) {
  if (membership_.outside()) return on_partitions_lost(partitions);
  if (!any_running(partitions) || membership_.lost()) return hand_over(partitions, false);
  membership_.begin_hand_over();
  bool committed = false;
  try {
    commit(false);
    committed = true;
  } catch (const BrokerException& error) {
    // The new owner starts from the last commit; what was done since is done again there.
    log(LogLevel::warn, names_.thread_name() + ": no commit before giving partitions back: " + error.what());
  }
  // A transaction spans all tasks of the thread: it is lost for those that stay, too.
  membership_.end_hand_over(exactly_once_ && !committed);
  return hand_over(partitions, committed);
}

std::vector<TopicPartition> StreamThread::on_partitions_lost(const std::vector<TopicPartition>& partitions) {
  if (any_running(partitions)) {
    log(LogLevel::warn, names_.thread_name() +
                            ": the group has taken partitions away: what was done since the last commit is done again");
  }
  if (!membership_.closed()) membership_.partitions_lost(exactly_once_ && output_ && output_->dirty(), now());
  return hand_over(partitions, false);
}

std::vector<TopicPartition> StreamThread::hand_over(const std::vector<TopicPartition>& partitions, bool clean) {
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    const auto task = plan_->task_for(lead);
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
