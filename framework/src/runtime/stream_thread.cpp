#include "runtime/stream_thread.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/commit_metadata.hpp"

namespace millrace::detail {
namespace {

// Records processed before the consumer is polled and the clock read again.
constexpr int kRecordsPerRound = 1000;
constexpr Millis kCloseTimeout = 30s;
// Brokers forget offsets of topics to which nobody subscribes (KIP-211); companions of lead topics are such.
constexpr std::int64_t kFullCommitIntervalMs = 60LL * 60 * 1000;

bool is_recoverable(const BrokerException& error) { return error.severity() != BrokerException::Severity::fatal; }

}  // namespace

StreamThread::StreamThread(ThreadEnvironment& environment, ClientNames names)
    : environment_(environment),
      names_(std::move(names)),
      config_(environment.task.config),
      exactly_once_(config_.exactly_once()),
      max_task_idle_ms_(config_.get_int("max.task.idle.ms")),
      uncommitted_max_bytes_(config_.get_int("statestore.uncommitted.max.bytes")),
      buffered_records_(static_cast<std::size_t>(config_.get_int("buffered.records.per.partition"))),
      transaction_timeout_(config_.get_millis("millrace.connect.timeout.ms")) {
  constexpr std::int64_t kExactlyOnceCommitIntervalMs = 100;
  commit_interval_ms_ = exactly_once_ && !config_.is_set("commit.interval.ms") ? kExactlyOnceCommitIntervalMs
                                                                               : config_.get_int("commit.interval.ms");
  max_poll_records_ = std::max<std::size_t>(buffered_records_, kRecordsPerRound);
  make_clients();
  last_commit_ = last_full_commit_ = now();
}

StreamThread::~StreamThread() {
  close_dirty();
  // Ends the membership, which may call this listener: before the other members go.
  consumer_.reset();
}

void StreamThread::make_clients() {
  auto consumer = environment_.broker.make_consumer(main_consumer_config(config_, names_));
  {
    const std::lock_guard lock(consumer_mutex_);
    consumer_ = std::move(consumer);
  }
  changelogs_ = std::make_unique<ChangelogReader>(
      environment_.broker.make_consumer(restore_consumer_config(config_, names_)), environment_.restore_progress);
}

void StreamThread::subscribe() {
  output_ = std::make_unique<ProducerOutput>(environment_.broker, producer_config(config_, names_), exactly_once_,
                                             environment_.task.errors);
  output_->initialize(transaction_timeout_);
  plan_ = environment_.plan();
  consumer_->subscribe(plan_->lead_topics(), *this);
  state_ = State::rebalancing;
}

void StreamThread::run_once() {
  try {
    round();
  } catch (const TaskFailure&) {
    throw;
  } catch (const BrokerException& error) {
    if (!is_recoverable(error)) throw;
    restart_from_committed(error.what());
  }
}

void StreamThread::round() {
  if (state_ == State::starting) subscribe();
  if (const auto plan = environment_.plan(); plan != plan_) {
    log(LogLevel::info, names_.thread_name() + ": the source topics have changed; joining the group anew");
    consumer_->unsubscribe();
    plan_ = plan;
    consumer_->subscribe(plan_->lead_topics(), *this);
  }
  poll_records();
  if (work_lost_) {
    restart_from_committed("partitions went to another member while a transaction was open");
    return;
  }
  open_waiting_tasks();
  dispatch();
  restore();
  has_work_ = process();
  punctuate();
  output_->poll();
  commit_if_due();
  control_flow();
}

// --- group membership

std::vector<TopicPartition> StreamThread::on_partitions_assigned(const std::vector<TopicPartition>& partitions) {
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    const TaskId task = plan_->task_for(lead);
    waiting_.push_back(task);
    std::ranges::copy(plan_->inputs_of(task), std::back_inserter(inputs));
  }
  state_ = State::rebalancing;
  return inputs;
}

std::vector<TopicPartition> StreamThread::on_partitions_revoked(const std::vector<TopicPartition>& partitions) {
  const bool affected = std::ranges::any_of(
      partitions, [&](const TopicPartition& lead) { return tasks_.contains(plan_->task_for(lead)); });
  if (affected) {
    try {
      commit(false);
    } catch (const BrokerException& error) {
      // The new owner starts from the last commit; what was done since is done again there.
      log(LogLevel::warn, names_.thread_name() + ": no commit before giving partitions back: " + error.what());
      return on_partitions_lost(partitions);
    }
  }
  for (const TopicPartition& lead : partitions) {
    const auto found = tasks_.find(plan_->task_for(lead));
    if (found != tasks_.end()) close_task(found->second, true);
  }
  return give_up(partitions);
}

std::vector<TopicPartition> StreamThread::on_partitions_lost(const std::vector<TopicPartition>& partitions) {
  // A transaction spans all tasks of the thread: if some are lost, none of its work counts.
  if (output_ && exactly_once_) {
    output_->abandon(kCloseTimeout);
    work_lost_ = true;
  }
  auto inputs = give_up(partitions);
  if (state_ != State::closed) state_ = State::rebalancing;
  return inputs;
}

std::vector<TopicPartition> StreamThread::give_up(const std::vector<TopicPartition>& partitions) {
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    const TaskId id = plan_->task_for(lead);
    std::ranges::copy(plan_->inputs_of(id), std::back_inserter(inputs));
    std::erase(waiting_, id);
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) continue;
    close_task(found->second, false);
    tasks_.erase(found);
  }
  return inputs;
}

// --- tasks

void StreamThread::open_waiting_tasks() {
  std::erase_if(waiting_, [this](TaskId id) { return open_task(id); });
}

bool StreamThread::open_task(TaskId id) {
  OwnedTask owned;
  std::filesystem::path directory;
  if (environment_.state_directory != nullptr) {
    owned.lock = environment_.state_directory->try_lock(id);
    if (!owned.lock) return false;
    directory = owned.lock->path();
  }
  const auto& nodes = plan_->tasks_of(id.subtopology).subtopology.nodes;
  const auto inputs = plan_->inputs_of(id);
  const auto make = [&] {
    return std::make_unique<StreamTask>(id, environment_.task, nodes, inputs, *output_, directory);
  };
  try {
    owned.task = make();
  } catch (const StateCorruptedException& error) {
    log(LogLevel::warn, std::string(error.what()) + ": the state of task " + id.str() + " is restored from scratch");
    owned.lock->wipe();
    owned.task = make();
  }
  StreamTask& task = *owned.task;
  for (const auto& queue : task.queues().queues()) inputs_[queue->partition] = {&task, queue.get()};
  tasks_.emplace(id, std::move(owned));
  apply_committed_offsets(task);
  changelogs_->add(task, transaction_timeout_);
  return true;
}

void StreamThread::apply_committed_offsets(StreamTask& task) {
  const auto committed = consumer_->committed(task.inputs(), transaction_timeout_);
  for (const TopicPartition& input : task.inputs()) {
    const auto found = committed.find(input);
    if (found != committed.end()) {
      task.set_partition_time(input, decode_partition_time(found->second.metadata));
      continue;
    }
    // A source with a reset policy of its own; the consumer's applies to all others.
    for (const NodeSpec* node : plan_->tasks_of(task.task_id().subtopology).subtopology.nodes) {
      const bool reads = std::ranges::find(node->topics, input.topic) != node->topics.end();
      if (node->kind != NodeSpec::Kind::source || !reads || !node->offset_reset) continue;
      if (*node->offset_reset == OffsetReset::none) {
        throw TaskFailure("source '" + node->name + "' has no committed offset on " + input.str() +
                          " and its reset policy is none: commit one, or choose earliest or latest");
      }
      const Watermarks bounds = consumer_->query_watermarks(input, transaction_timeout_);
      consumer_->seek(input, *node->offset_reset == OffsetReset::earliest ? bounds.low : bounds.high);
    }
  }
}

void StreamThread::close_task(OwnedTask& owned, bool clean) {
  if (!owned.task) return;
  changelogs_->remove(*owned.task);
  std::erase_if(inputs_, [&](const auto& entry) { return entry.second.first == owned.task.get(); });
  std::erase_if(records_, [&](const ConsumerRecord& record) {
    return std::ranges::find(owned.task->inputs(), TopicPartition{*record.topic, record.partition}) !=
           owned.task->inputs().end();
  });
  count(owned);
  owned.task->close();
  if (clean) owned.task->stores().flush_to_disk();
  owned.task.reset();
  owned.lock.reset();
}

void StreamThread::count(OwnedTask& owned) {
  const std::uint64_t processed = owned.task->processed_records();
  const std::uint64_t dropped = owned.task->dropped_records();
  processed_records += processed - std::exchange(owned.counted_processed, processed);
  dropped_records += dropped - std::exchange(owned.counted_dropped, dropped);
}

// --- records

Millis StreamThread::poll_timeout() const {
  if (has_work_ || !changelogs_->idle()) return Millis(0);
  std::int64_t wait = config_.get_int("poll.ms");
  const Timestamp time = now();
  for (const auto& [id, owned] : tasks_) {
    if (const auto due = owned.task->next_wall_clock_punctuation()) wait = std::min(wait, *due - time);
  }
  wait = std::min(wait, last_commit_ + commit_interval_ms_ - time);
  return Millis(std::max<std::int64_t>(wait, 0));
}

void StreamThread::poll_records() { consumer_->poll(records_, max_poll_records_, poll_timeout()); }

void StreamThread::dispatch() {
  std::pair<StreamTask*, RecordQueues::Queue*> target{nullptr, nullptr};
  const std::string* topic = nullptr;
  std::int32_t partition = -1;
  std::vector<ConsumerRecord> keep;
  for (ConsumerRecord& record : records_) {
    if (record.topic != topic || record.partition != partition) {
      topic = record.topic;
      partition = record.partition;
      const auto found = inputs_.find({*record.topic, record.partition});
      target = found == inputs_.end() ? std::pair<StreamTask*, RecordQueues::Queue*>{} : found->second;
    }
    if (target.first != nullptr) {
      target.first->add(*target.second, std::move(record));
    } else if (waits_for_directory({*record.topic, record.partition})) {
      keep.push_back(std::move(record));
    }
    // Else it is a leftover of a partition that was given back.
  }
  records_ = std::move(keep);
}

bool StreamThread::waits_for_directory(const TopicPartition& partition) const {
  return std::ranges::any_of(waiting_, [&](TaskId id) {
    const auto inputs = plan_->inputs_of(id);
    return std::ranges::find(inputs, partition) != inputs.end();
  });
}

/// Stops fetching partitions of which plenty is waiting while their task cannot go on.
void StreamThread::control_flow() {
  for (auto& [id, owned] : tasks_) {
    std::vector<TopicPartition> full;
    for (const auto& queue : owned.task->queues().queues()) {
      if (queue->records.size() > buffered_records_) full.push_back(queue->partition);
    }
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

void StreamThread::restore() {
  if (!changelogs_->idle()) {
    changelogs_->step(Millis(100));
    restored_records = changelogs_->restored_records();
  }
  bool all_running = waiting_.empty();
  no_tasks_ = waiting_.empty() && tasks_.empty();
  for (auto& [id, owned] : tasks_) {
    if (owned.task->running()) continue;
    if (changelogs_->done(*owned.task)) {
      owned.task->initialize();
    } else {
      all_running = false;
    }
  }
  if (state_ == State::rebalancing && all_running && !tasks_.empty()) state_ = State::running;
}

bool StreamThread::process() {
  bool any = false;
  int budget = kRecordsPerRound;
  bool progress = true;
  const Timestamp time = now();
  while (progress && budget > 0) {
    progress = false;
    for (auto& [id, owned] : tasks_) {
      if (!owned.task->running()) continue;
      StreamTask& task = *owned.task;
      const auto known_lag = [this](const TopicPartition& partition) { return lag(partition); };
      // A slice per task, so that none starves the others.
      for (int slice = 100; slice > 0 && budget > 0; --slice, --budget) {
        if (!task.queues().ready(time, max_task_idle_ms_, known_lag) || !task.process_one()) break;
        progress = any = true;
        if (task.commit_requested()) break;
      }
      count(owned);
    }
  }
  return any;
}

void StreamThread::punctuate() {
  const Timestamp time = now();
  for (auto& [id, owned] : tasks_) {
    if (owned.task->running()) has_work_ |= owned.task->punctuate_wall_clock(time);
  }
}

// --- commit

void StreamThread::commit_if_due() {
  const Timestamp time = now();
  bool due = time - last_commit_ >= commit_interval_ms_;
  for (const auto& [id, owned] : tasks_) {
    due |= owned.task->commit_requested();
    due |= uncommitted_max_bytes_ >= 0 &&
           owned.task->stores().uncommitted_bytes() > static_cast<std::size_t>(uncommitted_max_bytes_);
  }
  if (!due) return;
  const bool all = time - last_full_commit_ >= kFullCommitIntervalMs;
  commit(all);
  last_commit_ = now();
  if (all) last_full_commit_ = last_commit_;
}

void StreamThread::commit(bool all_offsets) {
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  for (auto& [id, owned] : tasks_) {
    if (!owned.task->running()) continue;
    owned.task->prepare_commit();
    offsets.merge(owned.task->committable_offsets(
        [this](const TopicPartition& partition) { return consumer_->position(partition); }, all_offsets));
  }
  if (offsets.empty() && !output_->dirty()) return;
  if (exactly_once_) {
    output_->commit_transaction(offsets, consumer_->group_metadata(), transaction_timeout_);
  } else {
    output_->flush(transaction_timeout_);
    if (!offsets.empty()) consumer_->commit_sync(offsets);
  }
  for (auto& [id, owned] : tasks_) {
    if (owned.task->running()) owned.task->post_commit();
  }
  ++commits;
  if (environment_.committed) environment_.committed(offsets);
}

// --- recovery and end

void StreamThread::close_all_dirty() {
  for (auto& [id, owned] : tasks_) close_task(owned, false);
  tasks_.clear();
  inputs_.clear();
  waiting_.clear();
  records_.clear();
}

void StreamThread::restart_from_committed(const std::string& reason) {
  log(LogLevel::warn, names_.thread_name() + ": starting again from the last commit: " + reason);
  state_ = State::rebalancing;
  if (output_) output_->abandon(kCloseTimeout);
  close_all_dirty();
  output_.reset();
  // A new consumer forgets positions, buffered records and the membership all at once.
  std::unique_ptr<Consumer> old;
  {
    const std::lock_guard lock(consumer_mutex_);
    old = std::move(consumer_);
  }
  old.reset();
  work_lost_ = false;
  make_clients();
  state_ = State::starting;
}

void StreamThread::close_cleanly() {
  if (state_ == State::closed) return;
  try {
    if (output_) {
      commit(true);
      for (auto& [id, owned] : tasks_) close_task(owned, true);
      tasks_.clear();
      consumer_->unsubscribe();
    }
  } catch (const std::exception& error) {
    log(LogLevel::warn, names_.thread_name() + ": no clean end, the next start replays the rest: " + error.what());
  }
  close_dirty();
}

void StreamThread::close_dirty() {
  if (state_ == State::closed) return;
  if (output_) output_->abandon(kCloseTimeout);
  close_all_dirty();
  output_.reset();
  changelogs_.reset();
  state_ = State::closed;
}

}  // namespace millrace::detail
