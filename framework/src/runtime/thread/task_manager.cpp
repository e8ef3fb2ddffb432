#include "runtime/thread/task_manager.hpp"

#include <algorithm>
#include <iterator>

#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/thread/shares.hpp"

namespace millrace::detail {
namespace {

constexpr Millis kFirstAttempt{500};
constexpr Millis kLongestAttempt{10'000};

}  // namespace

TaskManager::TaskManager(ThreadEnvironment& environment, ThreadMetrics& metrics, Consumer& consumer,
                         std::unique_ptr<ChangelogReader> changelogs, AutoOffsetReset default_reset, Millis patience)
    : environment_(environment),
      metrics_(metrics),
      consumer_(consumer),
      changelogs_(std::move(changelogs)),
      default_reset_(default_reset),
      patience_(patience),
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
  auto inputs = std::move(found->second.inputs);
  for (const TopicPartition& input : inputs) inputs_.erase(input);
  tasks_.erase(found);
  list_running();
  return inputs;
}

void TaskManager::remove_all(bool clean) {
  while (!tasks_.empty()) (void)remove(tasks_.begin()->first, clean);
}

void TaskManager::restart_all() {
  for (auto& [id, owned] : tasks_) {
    end_task(owned, false);
    if (owned.stores) owned.stores->discard();
    owned.positioned = false;
    owned.reader_is_elsewhere = true;
    owned.assigned_at = environment_.task.clock.monotonic_ms();
    owned.attempt = kFirstAttempt;
  }
  list_running();
}

void TaskManager::end_task(OwnedTask& owned, bool clean) {
  owned.early.clear();
  if (!owned.task) return;
  changelogs_->remove(*owned.stores);
  for (const TopicPartition& input : owned.inputs) inputs_[input].second = nullptr;
  try {
    owned.task->close();
    if (clean) owned.stores->flush_to_disk();
  } catch (const std::exception& error) {
    // Everything that was promised is in the changelog, and the others must be closed as well.
    log(LogLevel::warn, "closing task " + owned.task->task_id().str() + ": " + error.what());
  }
  metrics_.task_closed(owned.task->metrics());
  owned.task.reset();
}

// --- towards running

void TaskManager::advance(TaskOutput& output, Millis wait) {
  for (auto& [id, owned] : tasks_) {
    if (!owned.task && !open(id, owned, output)) continue;
    if (!owned.positioned) owned.positioned = try_position(owned);
  }
  if (!changelogs_->idle()) changelogs_->step(wait);
  for (auto& [id, owned] : tasks_) {
    if (!owned.task || owned.task->running() || !owned.positioned || !changelogs_->done(*owned.stores)) continue;
    owned.task->initialize();
    list_running();
  }
}

bool TaskManager::open_stores_of(TaskId id, OwnedTask& owned) {
  std::filesystem::path directory;
  if (environment_.state_directory != nullptr) {
    owned.lock = environment_.state_directory->try_lock(id);
    if (!owned.lock) return false;
    directory = owned.lock->path();
  }
  const auto& nodes = owned.plan->tasks_of(id.subtopology).subtopology.nodes;
  const auto make = [&] { return open_stores(id, environment_.task, nodes, owned.inputs, directory); };
  try {
    owned.stores = make();
  } catch (const StateCorruptedException& error) {
    log(LogLevel::warn, std::string(error.what()) + ": the state of task " + id.str() + " is restored from scratch");
    owned.lock->wipe();
    owned.stores = make();
  }
  return true;
}

bool TaskManager::open(TaskId id, OwnedTask& owned, TaskOutput& output) {
  if (!owned.stores && !open_stores_of(id, owned)) return false;
  const auto& nodes = owned.plan->tasks_of(id.subtopology).subtopology.nodes;
  owned.task = std::make_unique<StreamTask>(id, environment_.task, nodes, owned.inputs, *owned.stores, output,
                                            owned.lock ? owned.lock->path() : std::filesystem::path(),
                                            cache_ ? &*cache_ : nullptr, metrics_.of_task(id));
  for (const auto& queue : owned.task->queues().queues()) inputs_[queue->partition] = {&owned, queue.get()};
  for (ConsumerRecord& record : owned.early) {
    RecordQueues::Queue& queue = *inputs_.at({*record.topic, record.partition}).second;
    owned.task->add(queue, std::move(record));
  }
  owned.early.clear();
  metrics_.task_created();
  return true;
}

/// In short attempts, because the other tasks have to go on meanwhile.
bool TaskManager::try_position(OwnedTask& owned) {
  try {
    position(owned, owned.attempt);
    return true;
  } catch (const BrokerException& error) {
    const bool in_time = environment_.task.clock.monotonic_ms() - owned.assigned_at < patience_.count();
    if (error.severity() != BrokerException::Severity::retriable || !in_time) throw;
    owned.attempt = std::min(2 * owned.attempt, kLongestAttempt);
    return false;
  }
}

void TaskManager::position(OwnedTask& owned, Millis timeout) {
  const auto committed = consumer_.committed(owned.inputs, timeout);
  for (const TopicPartition& input : owned.inputs) {
    if (const auto found = committed.find(input); found != committed.end()) {
      owned.task->resume(input, decode_commit_metadata(found->second.metadata));
      if (owned.reader_is_elsewhere) go_to(owned, input, found->second.offset);
    } else if (const auto start = start_without_commit(owned, input, timeout)) {
      go_to(owned, input, *start);
    }
  }
  changelogs_->add(*owned.stores, metrics_.of_task(owned.task->task_id()), committed, timeout);
  owned.reader_is_elsewhere = false;
}

/// nullopt: the consumer starts there by itself.
std::optional<std::int64_t> TaskManager::start_without_commit(OwnedTask& owned, const TopicPartition& input,
                                                              Millis timeout) {
  const NodeSpec& source = owned.task->source_of(input.topic);
  AutoOffsetReset reset = source.offset_reset.value_or(default_reset_);
  // What the application wrote for itself is all meant to be read.
  if (owned.plan->repartition_topics().contains(input.topic)) reset = AutoOffsetReset::earliest();
  switch (reset.strategy()) {
    case AutoOffsetReset::Strategy::none:
      throw TaskFailure("source '" + source.name + "' has no committed offset on " + input.str() +
                        " and its reset policy is none: commit one, or choose earliest or latest");
    case AutoOffsetReset::Strategy::earliest:
      if (default_reset_ == AutoOffsetReset::earliest() && !owned.reader_is_elsewhere) return std::nullopt;
      return consumer_.query_watermarks(input, timeout).low;
    case AutoOffsetReset::Strategy::latest:
    case AutoOffsetReset::Strategy::by_duration: break;
  }
  // The end and the clock move on, but after a failure nothing that came in between may be skipped.
  const Watermarks bounds = consumer_.query_watermarks(input, timeout);
  const auto known = owned.starts.find(input);
  if (known != owned.starts.end()) return std::max(known->second, bounds.low);
  std::int64_t start = bounds.high;
  if (reset.strategy() == AutoOffsetReset::Strategy::by_duration) {
    const Timestamp since = std::max<Timestamp>(0, environment_.task.clock.now() - reset.duration().count());
    start = consumer_.offset_for_time(input, since, timeout).value_or(start);
  }
  owned.starts.emplace(input, start);
  return start;
}

void TaskManager::go_to(OwnedTask& owned, const TopicPartition& input, std::int64_t offset) {
  consumer_.seek(input, offset);
  if (auto* queue = owned.task->queues().find(input)) {
    queue->records.clear();
    queue->head_timestamp.reset();
  }
}

bool TaskManager::all_running() const { return running_.size() == tasks_.size(); }

void TaskManager::list_running() {
  running_.clear();
  for (const auto& [id, owned] : tasks_) {
    if (owned.task && owned.task->running()) running_.push_back(owned.task.get());
  }
}

// --- records

void TaskManager::dispatch(std::vector<ConsumerRecord>& polled) {
  std::pair<OwnedTask*, RecordQueues::Queue*> target{nullptr, nullptr};
  const std::string* topic = nullptr;
  std::int32_t partition = -1;
  for (ConsumerRecord& record : polled) {
    if (record.topic != topic || record.partition != partition) {
      topic = record.topic;
      partition = record.partition;
      const auto found = inputs_.find({*record.topic, record.partition});
      target = found == inputs_.end() ? std::pair<OwnedTask*, RecordQueues::Queue*>{} : found->second;
    }
    if (target.second != nullptr) {
      target.first->task->add(*target.second, std::move(record));
    } else if (target.first != nullptr && !target.first->reader_is_elsewhere) {
      target.first->early.push_back(std::move(record));
    }
    // Else it is a leftover of a partition that was given back, or will be read again.
  }
  polled.clear();
}

void TaskManager::control_flow() {
  for (auto& [id, owned] : tasks_) {
    std::vector<TopicPartition> full;
    if (!owned.task) {
      full = owned.inputs;
    } else {
      for (const auto& queue : owned.task->queues().queues()) {
        if (queue->records.size() > buffered_records_) full.push_back(queue->partition);
      }
    }
    std::ranges::sort(full);
    if (full == owned.paused) continue;
    std::vector<TopicPartition> resumed;
    std::ranges::set_difference(owned.paused, full, std::back_inserter(resumed));
    std::vector<TopicPartition> paused;
    std::ranges::set_difference(full, owned.paused, std::back_inserter(paused));
    if (!resumed.empty()) consumer_.resume(resumed);
    if (!paused.empty()) consumer_.pause(paused);
    owned.paused = std::move(full);
  }
}

}  // namespace millrace::detail
