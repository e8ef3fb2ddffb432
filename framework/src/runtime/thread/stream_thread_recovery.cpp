// SPDX-License-Identifier: Apache-2.0
// What StreamThread does after a failure, and how it ends.
#include <algorithm>
#include <utility>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {
namespace {

using Severity = BrokerException::Severity;

// How long a failed producer may take to abort. The broker aborts the transaction anyway.
constexpr Millis kAbortTimeout{1'000};

}  // namespace

// The text keeps the last error, which names the broker or the call.
BrokerException StreamThread::give_up(const BrokerException& error) const {
  return {Severity::fatal, "nothing has worked for " + std::to_string(give_up_after_.count()) +
                               " ms (millrace.connect.timeout.ms), so the thread gives up: " + error.what()};
}

void StreamThread::recover(const BrokerException& error) {
  const BrokerException reason = explain(error);
  // explain() may make an error fatal.
  if (reason.severity() == Severity::fatal) throw BrokerException(reason);
  const auto pause = failures_.failed(now());
  if (!pause) throw give_up(reason);
  log(LogLevel::warn, names_.thread_name() + ": starting again from the last commit" +
                          (pause->count() > 0 ? " in " + std::to_string(pause->count()) + " ms" : std::string()) +
                          ": " + reason.what());
  // Before the restart, because the next producer is made by these rules.
  if (output_ && output_->batch_refused()) committer_.batch_refused(now());
  restart_tasks();
}

void StreamThread::plan_retry(const TaskRetry& failure) { retries_.failed(failure, now()); }

void StreamThread::retry(const TaskRetry& failure) {
  plan_retry(failure);
  // Under exactly-once, the transaction contains records of the failed task, so it cannot be committed.
  if (!exactly_once_) commit_others(failure);
  restart_tasks();
}

void StreamThread::commit_others(const TaskRetry& failure) {
  broken_ = {failure.task()};
  for (bool again = output_ && output_->initialized() && !membership_.lost(); again;) {
    again = false;
    try {
      commit(false);
    } catch (const TaskRetry& another) {
      // Its caches could not be flushed. The others can still be committed.
      plan_retry(another);
      again = broken_.insert(another.task()).second;
    } catch (const StateCorruptedException& error) {
      if (!tasks_->damaged(error.directory())) throw;
    } catch (const BrokerException& error) {
      log(LogLevel::info, names_.thread_name() + ": all tasks start again from the last commit: " + error.what());
    }
  }
  broken_.clear();
}

std::vector<StreamTask*> StreamThread::sound_tasks() const {
  std::vector<StreamTask*> tasks = tasks_->running();
  if (!broken_.empty()) {
    std::erase_if(tasks, [this](const StreamTask* task) { return broken_.contains(task->task_id()); });
  }
  return tasks;
}

void StreamThread::end_record_retry(StreamTask& task) {
  const auto record = retries_.record_of(task.task_id());
  if (record && task.passed(*record)) (void)retries_.worked(task.task_id(), TaskRetry::Work::record, now());
}

bool StreamThread::stopped_at_retry(TaskId task) const {
  const StreamTask* running = tasks_->running(task);
  return running != nullptr && running->stopped();
}

// If one step takes longer than the broker waits, the broker's answer does not say so, and the same failure would come
// again and again. So the thread names the cause, and gives up at the second time.
BrokerException StreamThread::explain(const BrokerException& error) {
  const auto excess = slow_steps_.failed(output_ ? output_->transaction_since() : std::nullopt, now());
  if (!excess) return error;
  return {excess->again ? Severity::fatal : error.severity(), describe(*excess, *plan_) + ": " + error.what()};
}

void StreamThread::restart_tasks() {
  membership_.restarted();
  rounds_.restarted();
  slow_steps_.restarted();
  committer_.restarted();
  group_.forget();
  // Polled records that no task has received will be read again.
  records_.clear();
  tasks_->measure_nodes(slow_steps_.measuring());
  tasks_->restart_all();
  drop_output();
}

// A new producer is simpler and safer than one whose transaction has failed: after a fenced or fatal error, no call of
// it works.
void StreamThread::drop_output() {
  if (!output_) return;
  output_->abandon(kAbortTimeout);
  output_.reset();
}

void StreamThread::pause_until_retry() {
  const Millis wait = std::min(poll_, failures_.pause_left(now()));
  try {
    // Polling without records keeps the membership: otherwise the group would remove this member after
    // max.poll.interval.ms.
    consumer_->poll(records_, 0, wait);
  } catch (const BrokerException& error) {
    if (error.severity() == Severity::fatal) throw;
    // The consumer cannot wait, because it fails at once. So this thread sleeps until the retry or a wakeup().
    std::unique_lock lock(wakeup_mutex_);
    wakeup_condition_.wait_for(lock, wait, [this] { return std::exchange(woken_, false); });
  }
}

bool StreamThread::close_cleanly() {
  if (membership_.closed()) return true;
  bool clean = true;
  const auto not_closed = [&](const std::string& why) {
    clean = false;
    log(LogLevel::warn, names_.thread_name() +
                            ": could not close cleanly, the next start repeats the work since the last commit: " + why);
  };
  try {
    if (output_ && output_->initialized() && !membership_.lost()) {
      // The broker has not answered the last commit. Another wait would only delay the end.
      if (committer_.unanswered()) throw BrokerException(Severity::retriable, "the last commit was not answered");
      // A lost transaction cannot be committed, hence the condition above.
      if (commit_before_leaving()) tasks_->remove_all(true);
    }
  } catch (const StateCorruptedException& damage) {
    (void)tasks_->damaged(damage.directory());
    not_closed(damage.what());
  } catch (...) {
    not_closed(current_error());
  }
  close_dirty();
  return clean;
}

void StreamThread::close_dirty() {
  if (membership_.closed()) return;
  // First, so that listener calls during the close do nothing.
  membership_.close();
  tasks_->remove_all(false);
  drop_output();
  std::unique_ptr<Consumer> leaving;
  {
    const std::lock_guard lock(wakeup_mutex_);
    // Under the lock only the pointer is moved. Closing a consumer may take seconds, and wakeup() must not wait for
    // that.
    leaving = std::move(consumer_);
  }
  // Records may own memory of the consumer, so they go first.
  records_.clear();
  // Leaves the group. The group may still call this listener meanwhile, so tasks_ must exist. Not by unsubscribe():
  // with librdkafka, a consumer that is destroyed right after it may be gone before it has told the group.
  leaving.reset();
  tasks_.reset();
  metrics_.close();
}

}  // namespace millrace::detail
