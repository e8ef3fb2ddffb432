#include "runtime/thread/stream_thread.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

using Severity = BrokerException::Severity;

// Records processed before the consumer is polled and the clock read again.
constexpr int kRecordsPerRound = 1000;
// Records of one task before it is the next one's turn.
constexpr int kRecordsPerSlice = 100;
constexpr Millis kAbortTimeout{1'000};
constexpr Millis kProbeTimeout{5'000};
constexpr std::int64_t kRestoreWaitMs = 100;
// While a task waits for its directory or its offsets.
constexpr std::int64_t kOpeningWaitMs = 20;
constexpr Millis kShortestPatience{5'000};
// After a commit that could not be made because the group was rebalancing.
constexpr std::int64_t kCommitRetryMs = 100;
// A commit that fails after as long has waited in vain for an answer.
constexpr std::int64_t kUnansweredMs = 1'000;
// How long records are sent one at a time after the broker has refused a batch.
constexpr std::int64_t kWithoutBatchesMs = 10'000;
// Brokers forget offsets of topics to which nobody subscribes (KIP-211); companions of lead topics are such.
constexpr std::int64_t kFullCommitIntervalMs = 60LL * 60 * 1000;

AutoOffsetReset reset_policy(const std::string& name) {
  if (name == "latest" || name == "largest" || name == "end") return AutoOffsetReset::latest();
  if (name == "none" || name == "error") return AutoOffsetReset::none();
  return AutoOffsetReset::earliest();
}

std::size_t records_per_poll(const StreamsConfig& config, const ClientConfig& consumer) {
  if (const auto found = consumer.find("max.poll.records"); found != consumer.end()) {
    const auto given = std::strtoull(found->second.c_str(), nullptr, 10);
    if (given > 0) return given;
  }
  return static_cast<std::size_t>(
      std::max<std::int64_t>(config.get_int("buffered.records.per.partition"), kRecordsPerRound));
}

}  // namespace

StreamThread::StreamThread(ThreadEnvironment& environment, ClientNames names)
    : environment_(environment),
      names_(std::move(names)),
      config_(environment.task.config),
      exactly_once_(config_.exactly_once()),
      commit_interval_ms_(config_.get_int("commit.interval.ms")),
      max_task_idle_ms_(config_.get_int("max.task.idle.ms")),
      uncommitted_max_bytes_(config_.get_int("statestore.uncommitted.max.bytes")),
      poll_ms_(config_.get_int("poll.ms")),
      give_up_after_(config_.get_millis("millrace.connect.timeout.ms")),
      patience_(std::max(give_up_after_, kShortestPatience)),
      failures_(give_up_after_) {
  const ClientConfig consumer_config = main_consumer_config(config_, names_);
  max_poll_records_ = records_per_poll(config_, consumer_config);
  consumer_ = environment_.broker.make_consumer(consumer_config);
  output_ = make_output();
  auto changelogs = std::make_unique<ChangelogReader>(
      environment_.broker.make_consumer(restore_consumer_config(config_, names_)), environment_.admin,
      environment_.restore_progress, give_up_after_, environment_.task.clock);
  tasks_ = std::make_unique<TaskManager>(environment_, counters_, *consumer_, std::move(changelogs),
                                         reset_policy(consumer_config.at("auto.offset.reset")),
                                         std::max(give_up_after_, kShortestPatience));
  last_commit_ = last_full_commit_ = now();
}

StreamThread::~StreamThread() { close_dirty(); }

void StreamThread::wakeup() {
  const std::lock_guard lock(wakeup_mutex_);
  if (consumer_) consumer_->wakeup();
  woken_ = true;
  wakeup_condition_.notify_all();
}

void StreamThread::run_once() {
  try {
    if (retry_at_ && now() < *retry_at_) {
      pause_until_retry();
    } else {
      retry_at_.reset();
      round();
    }
  } catch (const BrokerException& error) {
    if (error.severity() == Severity::fatal) throw;
    recover(error);
  }
}

void StreamThread::round() {
  connect();
  follow_plan();
  consumer_->poll(records_, max_poll_records_, poll_timeout());
  if (!work_lost_) {
    // First, so that a task that goes back to its committed offsets forgets what was read from elsewhere.
    tasks_->dispatch(records_);
    tasks_->advance(*output_, has_work_ ? Millis(0) : Millis(std::min(poll_ms_, kRestoreWaitMs)));
    update_state();
    check_membership();
    has_work_ = process();
    has_work_ |= punctuate();
    output_->poll();
    counters_.dropped_records += output_->take_dropped_records();
    commit_if_due();
    tasks_->control_flow();
  }
  if (work_lost_) {
    throw BrokerException(Severity::fenced, "partitions went to another member while a transaction was open");
  }
}

void StreamThread::connect() {
  if (!output_) output_ = make_output();
  if (!connected_) output_->initialize(patience_);
  connected_ = true;
}

std::unique_ptr<ProducerOutput> StreamThread::make_output() const {
  using Batches = ProducerOutput::Batches;
  return std::make_unique<ProducerOutput>(environment_.broker, producer_config(config_, names_), exactly_once_,
                                          environment_.task.errors,
                                          no_batches_until_ ? Batches::one_record_each : Batches::allowed);
}

void StreamThread::follow_plan() {
  auto plan = environment_.plan();
  if (plan == plan_) return;
  if (plan_) {
    log(LogLevel::info, names_.thread_name() + ": the source topics have changed; joining the group anew");
    consumer_->unsubscribe();
  }
  plan_ = std::move(plan);
  joined_ = false;
  state_ = State::rebalancing;
  consumer_->subscribe(plan_->lead_topics(), *this);
}

void StreamThread::update_state() {
  const bool running = joined_ && tasks_->all_running();
  state_ = running ? State::running : State::rebalancing;
  if (running) failures_.running(now());
}

/// A consumer that cannot reach the group waits silently, for as long as it takes.
void StreamThread::check_membership() {
  if (joined_) {
    outside_since_.reset();
    return;
  }
  if (!outside_since_) outside_since_ = now();
  if (now() - *outside_since_ < give_up_after_.count()) return;
  outside_since_ = now();
  try {
    (void)environment_.admin.list_topics(kProbeTimeout);
  } catch (const BrokerException& error) {
    if (error.severity() != Severity::retriable) throw;
    throw give_up(error);
  }
}

// --- group membership

std::vector<TopicPartition> StreamThread::on_partitions_assigned(const std::vector<TopicPartition>& partitions) {
  joined_ = true;
  std::vector<TopicPartition> inputs;
  for (const TopicPartition& lead : partitions) {
    if (const auto task = plan_->task_for(lead)) {
      std::ranges::copy(tasks_->add(*task, plan_), std::back_inserter(inputs));
    } else {
      log(LogLevel::info, names_.thread_name() + ": " + lead.str() + " is new");
      environment_.replan();
    }
  }
  if (state_ == State::running && !partitions.empty()) state_ = State::rebalancing;
  return inputs;
}

std::vector<TopicPartition> StreamThread::on_partitions_revoked(const std::vector<TopicPartition>& partitions) {
  if (!any_running(partitions) || work_lost_) return hand_over(partitions, false);
  try {
    commit(false);
  } catch (const BrokerException& error) {
    // The new owner starts from the last commit; what was done since is done again there.
    log(LogLevel::warn, names_.thread_name() + ": no commit before giving partitions back: " + error.what());
    // A transaction spans all tasks of the thread: it is lost for those that stay, too.
    work_lost_ = exactly_once_;
    return hand_over(partitions, false);
  }
  return hand_over(partitions, true);
}

std::vector<TopicPartition> StreamThread::on_partitions_lost(const std::vector<TopicPartition>& partitions) {
  if (any_running(partitions)) {
    log(LogLevel::warn, names_.thread_name() +
                            ": the group has taken partitions away: what was done since the last commit is done again");
  }
  joined_ = false;
  if (state_ != State::closed) state_ = State::rebalancing;
  work_lost_ |= exactly_once_ && output_ && output_->dirty();
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

// --- records

Millis StreamThread::poll_timeout() const {
  if (has_work_ || tasks_->restoring()) return Millis(0);
  const Timestamp time = now();
  std::int64_t wait = std::min(poll_ms_, last_commit_ + commit_interval_ms_ - time);
  if (!tasks_->all_running()) wait = std::min(wait, kOpeningWaitMs);
  for (const StreamTask* task : tasks_->running()) {
    if (const auto due = task->next_wall_clock_punctuation()) wait = std::min(wait, *due - time);
  }
  return Millis(std::max<std::int64_t>(wait, 0));
}

bool StreamThread::process() {
  const auto& running = tasks_->running();
  for (StreamTask* task : running) task->queues().begin_round();
  const Timestamp time = now();
  int budget = kRecordsPerRound;
  std::size_t without_work = 0;
  // Goes on where the last round ended, so that many busy tasks do not starve those behind them.
  while (budget > 0 && without_work < running.size()) {
    last_task_ = (last_task_ + 1) % running.size();
    StreamTask& task = *running[last_task_];
    without_work = process_slice(task, budget, time) ? 0 : without_work + 1;
    if (task.commit_requested()) break;
  }
  tasks_->count();
  return budget < kRecordsPerRound;
}

bool StreamThread::process_slice(StreamTask& task, int& budget, Timestamp now) {
  const auto lag = [this](const TopicPartition& partition) { return consumer_->current_lag(partition); };
  const int before = budget;
  for (int slice = kRecordsPerSlice; slice > 0 && budget > 0; --slice, --budget) {
    if (!task.queues().ready(now, max_task_idle_ms_, lag) || !task.process_one()) break;
    if (task.commit_requested()) {
      --budget;
      break;
    }
  }
  return budget < before;
}

bool StreamThread::punctuate() {
  bool any = false;
  const Timestamp time = now();
  for (StreamTask* task : tasks_->running()) any |= task->punctuate_wall_clock(time);
  return any;
}

// --- commit

bool StreamThread::commit_due() const {
  if (now() - last_commit_ >= commit_interval_ms_) return true;
  return std::ranges::any_of(tasks_->running(), [this](StreamTask* task) {
    return task->commit_requested() ||
           (uncommitted_max_bytes_ >= 0 &&
            task->stores().uncommitted_bytes() > static_cast<std::size_t>(uncommitted_max_bytes_));
  });
}

void StreamThread::commit_if_due() {
  if (!commit_due()) return;
  if (exactly_once_) {
    // A group that has rebalanced refuses the transaction of a member that has not noticed.
    consumer_->poll(records_, 0, Millis(0));
    if (work_lost_) return;
  }
  const bool all = now() - last_full_commit_ >= kFullCommitIntervalMs;
  const Timestamp start = now();
  try {
    commit(all);
    commit_fails_since_.reset();
    commit_unanswered_ = false;
  } catch (const BrokerException& error) {
    // At least once, only the offsets can be late: the group is rebalancing, perhaps one generation ahead, and will
    // take them after it. If this member is out of it, it will hear of that by then.
    const bool later = !exactly_once_ && error.severity() != Severity::fatal && !output_->dirty();
    if (!later) throw;
    commit_unanswered_ = now() - start >= kUnansweredMs;
    if (!commit_fails_since_) commit_fails_since_ = now();
    if (now() - *commit_fails_since_ >= give_up_after_.count()) throw;
    log(LogLevel::info, names_.thread_name() + ": offsets will be committed later: " + error.what());
    last_commit_ = now() - commit_interval_ms_ + std::min(commit_interval_ms_, kCommitRetryMs);
    return;
  }
  last_commit_ = now();
  if (all) last_full_commit_ = last_commit_;
  if (no_batches_until_ && last_commit_ >= *no_batches_until_) {
    no_batches_until_.reset();
    restart_tasks();  // everything is committed, so nothing is done again
  }
}

void StreamThread::commit(bool all_offsets) {
  for (StreamTask* task : tasks_->running()) task->prepare_commit();
  auto offsets = offsets_to_commit(all_offsets);
  if (offsets.empty() && !output_->dirty()) {
    // Writes to stores without changelog concern nobody but this task.
    for (StreamTask* task : tasks_->running()) {
      if (task->commit_requested() || task->stores().uncommitted_bytes() > 0) task->post_commit();
    }
    return;
  }
  if (exactly_once_) {
    // By its offsets the group recognises a member that is none any more. Punctuations alone bring none.
    if (offsets.empty()) offsets = offsets_to_commit(true);
    output_->commit_transaction(offsets, consumer_->group_metadata(), patience_);
  } else {
    output_->flush(patience_);
    if (!offsets.empty()) consumer_->commit_sync(offsets);
  }
  for (StreamTask* task : tasks_->running()) task->post_commit(offsets);
  ++counters_.commits;
  if (environment_.committed) environment_.committed(offsets);
}

std::map<TopicPartition, OffsetAndMetadata> StreamThread::offsets_to_commit(bool all) const {
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  for (const StreamTask* task : tasks_->running()) {
    offsets.merge(task->committable_offsets(
        [this](const TopicPartition& partition) { return consumer_->position(partition); }, all));
  }
  return offsets;
}

// --- recovery and end

BrokerException StreamThread::give_up(const BrokerException& error) const {
  return {Severity::fatal, names_.thread_name() + " gives up, because nothing has worked for " +
                               std::to_string(give_up_after_.count()) +
                               " ms (millrace.connect.timeout.ms): " + error.what()};
}

void StreamThread::recover(const BrokerException& error) {
  const auto pause = failures_.failed(now());
  if (!pause) throw give_up(error);
  log(LogLevel::warn, names_.thread_name() + ": starting again from the last commit" +
                          (pause->count() > 0 ? " in " + std::to_string(pause->count()) + " ms" : std::string()) +
                          ": " + error.what());
  retry_at_ = now() + pause->count();
  if (output_ && output_->batch_refused()) no_batches_until_ = now() + kWithoutBatchesMs;
  restart_tasks();
}

/// All tasks start again from their last commit, with a new producer.
void StreamThread::restart_tasks() {
  state_ = State::rebalancing;
  work_lost_ = false;
  has_work_ = false;
  commit_fails_since_.reset();
  commit_unanswered_ = false;
  records_.clear();
  tasks_->restart_all();
  drop_output();
}

void StreamThread::drop_output() {
  connected_ = false;
  if (!output_) return;
  output_->abandon(kAbortTimeout);
  counters_.dropped_records += output_->take_dropped_records();
  output_.reset();
}

/// Stays in the group meanwhile.
void StreamThread::pause_until_retry() {
  const Millis wait(std::min(poll_ms_, *retry_at_ - now()));
  try {
    consumer_->poll(records_, 0, wait);
    work_lost_ = false;  // there was none
  } catch (const BrokerException& error) {
    if (error.severity() == Severity::fatal) throw;
    std::unique_lock lock(wakeup_mutex_);
    wakeup_condition_.wait_for(lock, wait, [this] { return std::exchange(woken_, false); });
  }
}

void StreamThread::close_cleanly() {
  if (state_ == State::closed) return;
  try {
    if (connected_ && !work_lost_) {
      // Another wait as long would only delay the end.
      if (commit_unanswered_) throw BrokerException(Severity::retriable, "the last commit was not answered");
      commit(false);
      tasks_->remove_all(true);
    }
  } catch (const std::exception& error) {
    log(LogLevel::warn, names_.thread_name() + ": no clean end, the next start replays the rest: " + error.what());
  }
  close_dirty();
}

void StreamThread::close_dirty() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  tasks_->remove_all(false);
  drop_output();
  std::unique_ptr<Consumer> leaving;
  {
    const std::lock_guard lock(wakeup_mutex_);
    leaving = std::move(consumer_);
  }
  records_.clear();
  // Leaves the group, which may still call this listener. (Not by unsubscribe(): with librdkafka, a consumer that is
  // destroyed right after it may be gone before it has told the group.)
  leaving.reset();
  tasks_.reset();
}

}  // namespace millrace::detail
