// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/task_manager.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/task/input_offsets.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/thread/shares.hpp"
#include "runtime/thread/unlogged_stores.hpp"

namespace millrace::detail {
namespace {

// How long one attempt to get a position may block the thread. It doubles after each failure. Short first attempts let
// the other tasks go on.
constexpr Millis kFirstAttempt{500};

}  // namespace

TaskManager::TaskManager(ThreadEnvironment& environment, ThreadMetrics& metrics, Consumer& consumer,
                         const Ownership& ownership, std::unique_ptr<ChangelogReader> changelogs,
                         AutoOffsetReset default_reset, Millis patience)
    : environment_(environment),
      metrics_(metrics),
      consumer_(&consumer),
      ownership_(ownership),
      changelogs_(std::move(changelogs)),
      default_reset_(default_reset),
      patience_(patience),
      exactly_once_(environment.task.config.exactly_once()),
      buffered_records_(static_cast<std::size_t>(environment.task.config.get_int("buffered.records.per.partition"))) {
  if (const std::size_t cache = cache_share(environment.task.config, environment.task.topology); cache > 0) {
    cache_.emplace(cache);
  }
}

TaskManager::~TaskManager() { remove_all(false); }

// --- membership

std::vector<TopicPartition> TaskManager::add(TaskId id, const std::shared_ptr<const TopologyPlan>& plan) {
  const auto [entry, is_new] = tasks_.try_emplace(id);
  OwnedTask& owned = entry->second;
  if (is_new) {
    // The task keeps its plan. A new plan leads to a new subscription and so to new tasks.
    owned.plan = plan;
    owned.inputs = plan->inputs_of(id);
    owned.assigned_at = environment_.task.clock.monotonic_ms();
    owned.attempt = kFirstAttempt;
    for (const TopicPartition& input : owned.inputs) inputs_[input] = {&owned, nullptr};
  }
  return owned.inputs;
}

std::vector<TopicPartition> TaskManager::remove(TaskId id, bool clean) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return {};
  end_task(found->second, clean);
  try {
    if (found->second.damaged) delete_state(id, found->second);
  } catch (const ProcessorStateException& error) {
    // The directory stays. The next thread of this process that gets the task finds the damage again.
    log(LogLevel::warn, error.what());
  }
  auto inputs = std::move(found->second.inputs);
  for (const TopicPartition& input : inputs) inputs_.erase(input);
  tasks_.erase(found);
  list_running();
  return inputs;
}

void TaskManager::remove_all(bool clean) {
  // remove() erases the element, so there is always a new first one.
  while (!tasks_.empty()) (void)remove(tasks_.begin()->first, clean);
}

void TaskManager::restart_all() {
  for (auto& [id, owned] : tasks_) {
    end_task(owned, false);
    // After end_task(): no binding may exist while the stores go back to the last commit.
    if (owned.damaged) {
      delete_state(id, owned);
    } else if (owned.stores) {
      owned.stores->discard();
    }
    owned.claims.clear();
    owned.waits = false;
    owned.positioned = false;
    // The consumer has read records that were not committed.
    owned.reader_is_elsewhere = true;
    owned.assigned_at = environment_.task.clock.monotonic_ms();
    owned.attempt = kFirstAttempt;
  }
  list_running();
}

bool TaskManager::damaged(const std::filesystem::path& directory) {
  const auto found = std::ranges::find_if(
      tasks_, [&](const auto& entry) { return entry.second.lock && entry.second.lock->path() == directory; });
  if (found == tasks_.end()) return false;
  found->second.damaged = true;
  return true;
}

void TaskManager::delete_state(TaskId id, OwnedTask& owned) {
  log(LogLevel::warn, "the state of task " + id.str() + " is damaged: it is deleted, and restored from its changelogs");
  owned.stores.reset();
  owned.lock->wipe();
  owned.lock.reset();
  owned.damaged = false;
}

void TaskManager::end_task(OwnedTask& owned, bool clean) {
  owned.early.clear();
  // The task was never opened.
  if (!owned.task) return;
  changelogs_->remove(*owned.stores);
  for (const TopicPartition& input : owned.inputs) inputs_[input].second = nullptr;
  // No data are lost: everything that was committed is in the changelog. The other tasks must be closed as well, so an
  // exception ends here.
  const auto not_closed = [&](const std::string& why) {
    log(LogLevel::warn, "closing task " + owned.task->task_id().str() + ": " + why);
  };
  try {
    owned.task->close();
    // Only an optimisation: without it, the next start restores the rest from the changelog.
    if (clean) owned.stores->flush_to_disk();
  } catch (const StateCorruptedException& damage) {
    owned.damaged = true;
    not_closed(damage.what());
  } catch (...) {
    not_closed(current_error());
  }
  // Before the task is destroyed, because the metrics belong to the task.
  metrics_.task_closed(owned.task->metrics());
  owned.task.reset();
}

// --- towards running

void TaskManager::advance(TaskOutput& output, Millis wait, FunctionRef<bool(TaskId)> may_start) {
  for (auto& [id, owned] : tasks_) {
    if (!may_start(id)) continue;
    if (!owned.task && !open(id, owned, output)) continue;
    if (!owned.positioned) owned.positioned = try_position(id, owned);
  }
  // One step for all restoring tasks together.
  if (!changelogs_->idle()) changelogs_->step(wait);
  for (auto& [id, owned] : tasks_) {
    if (!owned.task || owned.task->running() || !owned.positioned || !changelogs_->done(*owned.stores)) continue;
    // Under exactly once, what a crash loses is restored from the changelogs. Only stores without one need the log.
    const bool logged = exactly_once_ && owned.stores->unlogged_on_disk().empty();
    owned.stores->begin(owned.start, logged ? TaskDatabase::Wal::off : TaskDatabase::Wal::on);
    // Only now do nodes run: they may read their stores in init().
    owned.task->initialize();
    // Filling and rewriting end with a commit. Without this request no commit would come until the next record, and a
    // restart would begin again.
    if (owned.stores->fills_any() || owned.stores->rewrites_any()) owned.task->request_commit();
    list_running();
  }
}

bool TaskManager::open_stores_of(TaskId id, OwnedTask& owned) {
  std::filesystem::path directory;
  if (environment_.state_directory != nullptr) {
    owned.lock = environment_.state_directory->try_lock(id);
    // Another thread of this process is closing the task. The next round tries again.
    if (!owned.lock) return false;
    directory = owned.lock->path();
  }
  const auto& nodes = owned.plan->tasks_of(id.subtopology).subtopology.nodes;
  const auto make = [&] { return open_stores(id, environment_.task, nodes, owned.inputs, directory); };
  try {
    owned.stores = make();
  } catch (const StateCorruptedException& error) {
    log(LogLevel::warn, std::string(error.what()) + ": the state of task " + id.str() + " is deleted");
    // The files are damaged or from another version. The stores are restored from their changelogs. tell_of_emptied()
    // warns of stores without a changelog.
    owned.lock->wipe();
    owned.stores = make();
  }
  return true;
}

bool TaskManager::open(TaskId id, OwnedTask& owned, TaskOutput& output) {
  if (!owned.stores && !open_stores_of(id, owned)) return false;
  const auto& nodes = owned.plan->tasks_of(id.subtopology).subtopology.nodes;
  try {
    owned.task = std::make_unique<StreamTask>(id, environment_.task, nodes, owned.inputs, *owned.stores, output,
                                              owned.lock ? owned.lock->path() : std::filesystem::path(),
                                              cache_ ? &*cache_ : nullptr, metrics_.of_task(id), measure_nodes_);
  } catch (const RetriableException& error) {
    // configure() of a store's serde.
    TaskRetry failure(id, TaskRetry::Effects::possible, "task " + id.str() + " cannot start: " + error.what());
    failure.during(TaskRetry::Work::start);
    throw TaskRetry(failure);
  }
  for (const auto& queue : owned.task->queues().queues()) inputs_[queue->partition] = {&owned, queue.get()};
  // The consumer has started to read as soon as the partition was assigned.
  for (ConsumerRecord& record : owned.early) {
    receive(owned, *inputs_.at({*record.topic, record.partition}).second, std::move(record));
  }
  owned.early.clear();
  metrics_.task_created();
  return true;
}

std::vector<std::string> TaskManager::waiting() const {
  std::vector<std::string> all;
  for (const auto& [id, owned] : tasks_) {
    if (!owned.waits) continue;
    std::string inputs;
    for (const TopicPartition& input : owned.inputs) inputs += (inputs.empty() ? "" : ", ") + input.str();
    all.push_back("task " + id.str() + " (" + inputs + ")");
  }
  return all;
}

bool TaskManager::all_running() const { return running_.size() == tasks_.size(); }

StreamTask* TaskManager::running(TaskId id) const {
  const auto found = std::ranges::find(running_, id, &StreamTask::task_id);
  return found == running_.end() ? nullptr : *found;
}

void TaskManager::list_running() {
  running_.clear();
  for (const auto& [id, owned] : tasks_) {
    if (owned.task && owned.task->running()) running_.push_back(owned.task.get());
  }
}

// --- records

void TaskManager::receive(OwnedTask& owned, RecordQueues::Queue& queue, ConsumerRecord&& record) {
  if (record.offset < queue.next_offset) went_back(owned, queue, record.offset);
  queue.next_offset = record.offset + 1;
  owned.task->add(queue, std::move(record));
}

void TaskManager::dispatch(std::vector<ConsumerRecord>& polled) {
  std::pair<OwnedTask*, RecordQueues::Queue*> target{nullptr, nullptr};
  const std::string* topic = nullptr;
  std::int32_t partition = -1;
  for (ConsumerRecord& record : polled) {
    // Records come in runs of the same partition. Comparing the pointer to the topic's name is enough, because the
    // consumer owns one string per topic. A wrong "different" would only cost a lookup.
    if (record.topic != topic || record.partition != partition) {
      topic = record.topic;
      partition = record.partition;
      const auto found = inputs_.find({*record.topic, record.partition});
      target = found == inputs_.end() ? std::pair<OwnedTask*, RecordQueues::Queue*>{} : found->second;
    }
    if (target.second != nullptr) {
      receive(*target.first, *target.second, std::move(record));
    } else if (target.first != nullptr && !target.first->reader_is_elsewhere) {
      target.first->early.push_back(std::move(record));
    }
    // All other records are dropped: their partition was taken away since the poll, or a restarted task will read them
    // again from its committed offsets.
  }
  polled.clear();
}

void TaskManager::control_flow() {
  for (auto& [id, owned] : tasks_) {
    std::vector<TopicPartition> full;
    if (!owned.task) {
      // A task that is not open has no queues. Its partitions are paused, so that `early` stays small.
      full = owned.inputs;
    } else {
      for (const auto& queue : owned.task->queues().queues()) {
        if (queue->records.size() > buffered_records_) full.push_back(queue->partition);
      }
    }
    // set_difference() needs sorted ranges.
    std::ranges::sort(full);
    // Usually nothing changes, and the consumer is not called.
    if (full == owned.paused) continue;
    std::vector<TopicPartition> resumed;
    std::ranges::set_difference(owned.paused, full, std::back_inserter(resumed));
    std::vector<TopicPartition> paused;
    std::ranges::set_difference(full, owned.paused, std::back_inserter(paused));
    if (!resumed.empty()) consumer_->resume(resumed);
    if (!paused.empty()) consumer_->pause(paused);
    owned.paused = std::move(full);
  }
}

}  // namespace millrace::detail
