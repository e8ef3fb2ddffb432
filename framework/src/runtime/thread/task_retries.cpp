// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/task_retries.hpp"

#include <algorithm>

namespace millrace::detail {
namespace {

using Effects = TaskRetry::Effects;

// A released record is read again from the broker. Polls wait no longer than this for it (ms).
constexpr Timestamp kReleasedPoll = 10;

}  // namespace

void TaskRetries::failed(const TaskRetry& failure, Timestamp now) {
  Retry& retry = retries_[failure.task()];
  retry.streak.failed(settings_, failure, now);
  retry.work = failure.work();
  retry.effects = failure.effects();
  retry.record = retry.work == Work::record ? failure.record() : std::nullopt;
  retry.released = false;
  retry.processed = false;
}

bool TaskRetries::worked(TaskId task, Work work, Timestamp now) {
  const auto found = retries_.find(task);
  if (found == retries_.end() || found->second.work != work) return false;
  const Retry& retry = found->second;
  // A task may do other work of this kind before the release: records before the failed one, or an empty commit.
  if (retry.effects == Effects::possible && work != Work::start && !retry.released) return false;
  if (work == Work::commit && !retry.processed) return false;
  retry.streak.worked(settings_, now);
  retries_.erase(found);
  return true;
}

std::optional<InputRecord> TaskRetries::record_of(TaskId task) const {
  const auto found = retries_.find(task);
  return found == retries_.end() ? std::nullopt : found->second.record;
}

bool TaskRetries::stops(const Retry& retry) { return retry.effects == Effects::possible && retry.record.has_value(); }

void TaskRetries::keep_only(FunctionRef<bool(TaskId)> has) {
  std::erase_if(retries_, [&](const auto& entry) { return !has(entry.first); });
}

bool TaskRetries::may_start(TaskId task, Timestamp now) const {
  const auto found = retries_.find(task);
  return found == retries_.end() || found->second.work != Work::start || !found->second.streak.waits(now);
}

bool TaskRetries::may_process(TaskId task, Timestamp now) const {
  const auto found = retries_.find(task);
  return may_punctuate(task) &&
         (found == retries_.end() || found->second.effects == Effects::possible || !found->second.streak.waits(now));
}

bool TaskRetries::may_punctuate(TaskId task) const {
  const auto found = retries_.find(task);
  if (found == retries_.end()) return true;
  const Retry& retry = found->second;
  return retry.effects == Effects::none || retry.work == Work::start || retry.released || stops(retry);
}

std::optional<InputRecord> TaskRetries::stop_of(TaskId task) const {
  const auto found = retries_.find(task);
  if (found == retries_.end() || found->second.released || !stops(found->second)) return std::nullopt;
  return found->second.record;
}

bool TaskRetries::is_first(TaskId task) const {
  const auto found = retries_.find(task);
  return found != retries_.end() && found->second.released && stops(found->second);
}

void TaskRetries::processed(TaskId task) {
  const auto found = retries_.find(task);
  if (found != retries_.end()) found->second.processed |= found->second.released;
}

bool TaskRetries::can_be_released(const Retry& retry, TaskId task, Timestamp now, FunctionRef<bool(TaskId)> stopped) {
  if (retry.effects == Effects::none || retry.released || retry.work == Work::start || retry.streak.waits(now)) {
    return false;
  }
  return !stops(retry) || stopped(task);
}

bool TaskRetries::wants_commit(Timestamp now, FunctionRef<bool(TaskId)> stopped) const {
  return std::ranges::any_of(retries_, [&](const auto& entry) {
    const auto& [task, retry] = entry;
    // A released commit is tried as soon as there is something to commit. So another failure repeats little.
    return can_be_released(retry, task, now, stopped) || (retry.work == Work::commit && retry.processed);
  });
}

void TaskRetries::committed(Timestamp now, FunctionRef<bool(TaskId)> stopped) {
  // One at a time: the work of a task that succeeds must be committed before the next task is tried.
  const bool busy =
      std::ranges::any_of(retries_, [](const auto& entry) { return entry.second.released && stops(entry.second); });
  if (busy) return;
  for (auto& [task, retry] : retries_) {
    if (!can_be_released(retry, task, now, stopped)) continue;
    retry.released = true;
    return;
  }
}

std::optional<Timestamp> TaskRetries::next_due(Timestamp now) const {
  std::optional<Timestamp> next;
  const auto consider = [&](Timestamp at) { next = std::min(next.value_or(at), at); };
  for (const auto& [task, retry] : retries_) {
    if (!retry.released) {
      // A pause that is over leads to a commit or an attempt when a record comes.
      consider(std::max(retry.streak.retry_at(), now + kReleasedPoll));
    } else if (stops(retry)) {
      consider(now + kReleasedPoll);
    }
  }
  return next;
}

}  // namespace millrace::detail
