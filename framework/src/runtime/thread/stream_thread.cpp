// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/stream_thread.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/thread/shares.hpp"

namespace millrace::detail {
namespace {

using Severity = BrokerException::Severity;

// Timeout of the request that tests whether the coordinator answers.
constexpr Millis kProbeTimeout{5'000};
// A member that is outside of its group asks the coordinator at this interval.
constexpr Millis kProbeInterval{10'000};
// A warning that the member is still outside of its group is logged at this interval. A group may wait for members for
// minutes.
constexpr Millis kReportInterval{60'000};
// The largest difference between two measurements of the same duration, because the clocks count whole milliseconds.
constexpr Millis kRounding{10};
// How long a round waits for changelog records.
constexpr Millis kRestoreWait{100};
// The longest poll while a task waits for its directory or its committed offsets. Both take only a short time.
constexpr Millis kOpeningWait{20};
// Even with a tiny millrace.connect.timeout.ms, one call gets time for an answer.
constexpr Millis kShortestPatience{5'000};

}  // namespace

StreamThread::StreamThread(ThreadEnvironment& environment, ClientNames names)
    : environment_(environment),
      names_(std::move(names)),
      config_(environment.task.config),
      exactly_once_(config_.exactly_once()),
      max_task_idle_ms_(config_.get_int("max.task.idle.ms")),
      poll_(config_.get_millis("poll.ms")),
      give_up_after_(config_.get_millis("millrace.connect.timeout.ms")),
      transaction_timeout_(transaction_timeout(producer_config(config_, names_))),
      patience_(std::max(give_up_after_, kShortestPatience)),
      rounds_(max_poll_interval(main_consumer_config(config_, names_))),
      slow_steps_(transaction_timeout_, max_poll_interval(main_consumer_config(config_, names_))),
      committer_({.interval = config_.get_millis("commit.interval.ms"),
                  .uncommitted_max_bytes = uncommitted_share(config_, environment.task.topology),
                  .transaction_timeout = transaction_timeout_,
                  .give_up_after = give_up_after_},
                 now()),
      failures_(give_up_after_),
      retries_(RetrySettings::of(names_.thread_name(), config_)),
      metrics_(*environment.task.metrics, names_.thread_name(), [this] { return to_string(state()); }),
      group_(environment_, names_.application_id, names_.thread_name()) {
  // One poll should be able to fill a whole round. Otherwise the queues would run empty within the round.
  const ClientConfig consumer_config = main_consumer_config(config_, names_);
  max_poll_records_ = records_per_poll(
      consumer_config, static_cast<std::size_t>(std::max<std::int64_t>(
                           config_.get_int("buffered.records.per.partition"), RoundScheduler::kRecordsPerRound)));
  consumer_ = make_consumer(*environment_.plan());
  output_ = make_output();
  auto changelogs =
      std::make_unique<ChangelogReader>(environment_.broker.make_consumer(restore_consumer_config(config_, names_)),
                                        environment_.admin, environment_.restore_progress, give_up_after_,
                                        environment_.task.clock, RetrySettings::of(names_.thread_name(), config_));
  tasks_ = std::make_unique<TaskManager>(environment_, metrics_, *consumer_, group_.ownership(), std::move(changelogs),
                                         reset_policy(consumer_config), std::max(give_up_after_, kShortestPatience));
}

StreamThread::~StreamThread() { close_dirty(); }

void StreamThread::wakeup() {
  const std::lock_guard lock(wakeup_mutex_);
  // The consumer is null after the thread has closed.
  if (consumer_) consumer_->wakeup();
  woken_ = true;
  rounds_.request_end();
  wakeup_condition_.notify_all();
}

StreamThread::State StreamThread::state() const {
  switch (membership_.state()) {
    case Membership::State::starting: return State::starting;
    case Membership::State::running: return State::running;
    case Membership::State::closed: return State::closed;
    // joining, assigned, handing_over and lost.
    default: return State::rebalancing;
  }
}

void StreamThread::run_once() {
  try {
    // A new plan may remove the cause of the failure. Then there is no reason to wait.
    if (failures_.pause_left(now()) > Millis(0) && environment_.plan() == tried_plan_) {
      pause_until_retry();
    } else {
      round();
    }
  } catch (const StrangersInGroup& error) {
    step_back(error);
  } catch (const TaskRetry& failure) {
    retry(failure);
  } catch (const StateCorruptedException& error) {
    if (!tasks_->damaged(error.directory()) && !environment_.task.rebuild_global_stores(error.directory())) throw;
    recover(BrokerException(Severity::retriable, error.what()));
  } catch (const UnknownTopicOrPartitionException& error) {
    // Perhaps one of several topics that match a pattern was deleted.
    environment_.replan();
    recover(BrokerException(Severity::retriable, error.what()));
  } catch (const BrokerException& error) {
    // Starting the tasks again does not help against a fatal error of a client.
    if (error.severity() == Severity::fatal) throw;
    recover(error);
  }
}

void StreamThread::round() {
  metrics_.begin_round();
  tried_plan_ = environment_.plan();
  // First: poll() may run the listener, and a commit inside it needs the producer.
  connect();
  follow_plan();
  poll();
  // After a loss inside poll(), the transaction is invalid. No record must be processed in it.
  if (!membership_.lost()) {
    // Before advance(): a task that goes back to its committed offsets drops the records that it has received from
    // other offsets.
    tasks_->dispatch(records_);
    look_at_group();
    tasks_->advance(*output_, rounds_.found_work() ? Millis(0) : std::min(poll_, kRestoreWait),
                    [this](TaskId task) { return retries_.may_start(task, now()); });
    update_state();
    check_membership();
    process();
    punctuate();
    // Reports failures of records early, and not only at the next commit.
    output_->poll();
    commit_if_due();
    // At the end, when the queues have their final length for the next poll.
    tasks_->control_flow();
  }
  // Either poll() or the poll before the commit has reported the loss. recover() handles it like a failure.
  if (membership_.lost()) {
    throw BrokerException(Severity::fenced, "partitions went to another member before their work was committed");
  }
}

void StreamThread::connect() {
  if (!output_) output_ = make_output();
  const Timestamp begin = now();
  try {
    output_->initialize(patience_);
  } catch (const BrokerException& error) {
    // initialize() has repeated its request for this time already.
    const bool all_time_used = now() - begin >= (give_up_after_ - kRounding).count();
    if (error.severity() == Severity::retriable && all_time_used) throw give_up(error);
    throw;
  }
}

std::unique_ptr<ProducerOutput> StreamThread::make_output() {
  using Batches = ProducerOutput::Batches;
  const ClientConfig config = producer_config(config_, names_);
  auto output = std::make_unique<ProducerOutput>(
      environment_.broker, config, exactly_once_, environment_.task.errors, metrics_,
      committer_.batches_allowed() ? Batches::allowed : Batches::one_record_each, environment_.task.clock);
  // The user's partitioner is meant for output topics. In repartition topics, all records of a key must be in one
  // partition, because one task must process them, together with the same key of co-partitioned topics.
  if (places_keys_otherwise(config)) {
    const auto plan = environment_.plan();
    output->place_by_key({plan->repartition_topics().begin(), plan->repartition_topics().end()});
  }
  return output;
}

void StreamThread::update_state() {
  if (!retries_.empty()) {
    retries_.keep_only([this](TaskId task) { return tasks_->has(task); });
    for (const StreamTask* task : tasks_->running()) {
      (void)retries_.worked(task->task_id(), TaskRetry::Work::start, now());
    }
  }
  membership_.tasks_run(tasks_->all_running());
  if (membership_.state() == Membership::State::running) failures_.running(now());
}

// The consumer itself reports no error, see Membership.
void StreamThread::check_membership() {
  const bool last_time = membership_.unanswered(now()) >= give_up_after_;
  if (!membership_.needs_probe(now(), last_time ? Millis(0) : kProbeInterval)) return;
  const std::string waiting = names_.thread_name() + " waits to be let into group '" + names_.application_id + "'";
  try {
    const auto group = environment_.admin.describe_group(names_.application_id, kProbeTimeout);
    // The coordinator answers, so the group is only slow. The thread continues to wait.
    membership_.coordinator_answered(now());
    std::string members;
    for (const MemberDescription& member : group.members) members += (members.empty() ? "" : ", ") + member.client_id;
    const bool again = waiting_reported_ && now() - *waiting_reported_ < kReportInterval.count();
    if (!again) waiting_reported_ = now();
    log(again ? LogLevel::debug : LogLevel::warn,
        waiting + ", which is in state " + group.state +
            (members.empty() ? " and has no members" : " and has the members " + members));
  } catch (const BrokerException& error) {
    if (error.severity() != Severity::retriable) throw;
    membership_.probed(now());
    if (membership_.unanswered(now()) >= give_up_after_) throw give_up(error);
    log(LogLevel::warn, waiting + ": " + error.what());
  }
}

// --- records

void StreamThread::poll() {
  consumer_->poll(records_, max_poll_records_, poll_timeout());
  metrics_.polled(records_.size());
  rounds_.polled(now());
}

Millis StreamThread::poll_timeout() const {
  // There is work, so the poll only takes what is already there. While restoring, the waiting is done for changelog
  // records.
  if (rounds_.found_work() || tasks_->restoring()) return Millis(0);
  Timestamp until = std::min(now() + poll_.count(), commit_at());
  if (!tasks_->all_running()) until = std::min(until, now() + kOpeningWait.count());
  if (const auto due = next_punctuation()) until = std::min(until, *due);
  if (const auto due = retries_.next_due(now())) until = std::min(until, *due);
  return Millis(std::max<std::int64_t>(until - now(), 0));
}

void StreamThread::process() {
  const auto& running = tasks_->running();
  // The set of running tasks does not change below: tasks come and go only inside poll() and advance().
  for (StreamTask* task : running) task->begin_round();
  metrics_.begin_processing();
  const Timestamp start = now();
  rounds_.begin(start, commit_at(), next_punctuation());
  if (!retries_.empty()) process_retries(start);
  std::size_t without_work = 0;
  // last_task_ survives the round. So a round that ends early does not always favour the same tasks.
  while (without_work < running.size()) {
    const int slice = rounds_.slice();
    if (slice == 0) break;
    last_task_ = (last_task_ + 1) % running.size();
    StreamTask& task = *running[last_task_];
    // The loop ends when all tasks in a row had nothing to process.
    without_work = process_slice(task, slice, start) > 0 ? 0 : without_work + 1;
    // A processor wants a commit now, so the round ends here.
    if (task.commit_requested()) break;
  }
  metrics_.end_processing();
}

// A released record comes first, directly after a commit. So if it fails again, no other record is repeated.
void StreamThread::process_retries(Timestamp start) {
  for (StreamTask* task : tasks_->running()) {
    task->stop_before(retries_.stop_of(task->task_id()));
    if (retries_.is_first(task->task_id())) (void)process_slice(*task, 1, start);
  }
}

int StreamThread::process_slice(StreamTask& task, int records, Timestamp start) {
  if (!retries_.empty() && !retries_.may_process(task.task_id(), now())) return 0;
  const auto lag = [this](const TopicPartition& partition) { return consumer_->current_lag(partition); };
  if (NodeTimer* timer = task.node_timer()) timer->reset();
  int done = 0;
  try {
    // The start of the round is exact enough for max.task.idle.ms, and saves a clock read per record.
    while (done < records && task.queues().ready(start, max_task_idle_ms_, lag) && task.process_one()) {
      ++done;
      if (task.commit_requested()) break;
    }
  } catch (const TaskRetry& failure) {
    note_records(task, done + 1);
    // The record is in its queue again, as if it had not been touched. So the other tasks can go on.
    if (failure.effects() != TaskRetry::Effects::none) throw;
    end_record_retry(task);
    plan_retry(failure);
    if (done > 0) metrics_.processed(task.metrics());
    return done;
  } catch (...) {
    // The failed record counts as well: it may have failed because it took too long, see explain().
    note_records(task, done + 1);
    throw;
  }
  if (done > 0) {
    note_records(task, done);
    metrics_.processed(task.metrics());
    if (!retries_.empty()) {
      retries_.processed(task.task_id());
      end_record_retry(task);
    }
  }
  return done;
}

void StreamThread::note_records(StreamTask& task, int records) {
  const Millis took = rounds_.processed(records, now(), commit_at());
  // A slice of several records does not show which of them was slow.
  if (records == 1) slow_steps_.took(task.task_id(), SlowSteps::Kind::record, took, task.node_timer());
}

void StreamThread::punctuate() {
  const Timestamp time = environment_.task.clock.now();
  std::uint64_t punctuated = 0;
  for (StreamTask* task : tasks_->running()) {
    // Most tasks schedule nothing. Then the clock is not read.
    if (!task->next_wall_clock_punctuation()) continue;
    if (!retries_.empty() && !retries_.may_punctuate(task->task_id())) continue;
    const MeasuredStep step = measure(*task, SlowSteps::Kind::punctuation);
    if (!task->punctuate_wall_clock(time)) continue;
    ++punctuated;
    if (!retries_.empty()) (void)retries_.worked(task->task_id(), TaskRetry::Work::punctuation, now());
  }
  metrics_.punctuated(punctuated);
  if (punctuated > 0) rounds_.worked();
}

std::optional<Timestamp> StreamThread::next_punctuation() const {
  std::optional<Timestamp> next;
  for (const StreamTask* task : tasks_->running()) {
    if (!retries_.empty() && !retries_.may_punctuate(task->task_id())) continue;
    const auto due = task->next_wall_clock_punctuation();
    if (due && (!next || *due < *next)) next = due;
  }
  // From the wall clock to the monotonic clock.
  if (next) *next = saturating_add(*next, now() - environment_.task.clock.now());
  return next;
}

const char* to_string(StreamThread::State state) {
  switch (state) {
    case StreamThread::State::starting: return "STARTING";
    case StreamThread::State::rebalancing: return "REBALANCING";
    case StreamThread::State::running: return "RUNNING";
    case StreamThread::State::closed: return "DEAD";
  }
  return "UNKNOWN";
}

}  // namespace millrace::detail
