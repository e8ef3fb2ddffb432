// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/thread_metrics.hpp"

#include <algorithm>
#include <utility>

namespace millrace::detail {
namespace {

[[nodiscard]] double to_ms(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e6; }

}  // namespace

ThreadMetrics::ThreadMetrics(ClientMetrics& client, std::string name, std::function<std::string()> state)
    : client_(client),
      name_(std::move(name)),
      last_lap_(nanos()),
      round_began_(last_lap_),
      scope_(std::in_place, client.registry, kThreadGroup, MetricTags{{"thread-id", name_}}) {
  constexpr auto info = RecordingLevel::info;
  scope_->gauge(info, "state", "The state of the thread", std::move(state));
  scope_->constant(info, "thread-start-time", "The time that the thread was started, in ms since the epoch",
                   static_cast<double>(client.registry.clock().now()));
  scope_->rate_and_total(info, "task-created", "newly created tasks", tasks_created_);
  scope_->rate_and_total(info, "task-closed", "closed tasks", tasks_closed_);

  scope_->rate_and_total(info, "poll", "calls to poll", polls_);
  scope_->average_and_max(info, "poll-latency", "poll latency in ms", poll_latency_);
  scope_->average_and_max(info, "poll-records", "number of records polled from the consumer in a round", poll_records_);
  scope_->rate_and_total(info, "process", "calls to process", processed_);
  scope_->average_and_max(info, "process-latency", "process latency in ms per record", process_latency_);
  scope_->average_and_max(info, "process-records", "number of records processed in a round", process_records_);
  scope_->rate_and_total(info, "punctuate", "calls to punctuate", punctuated_);
  scope_->average_and_max(info, "punctuate-latency", "punctuate latency in ms", punctuate_latency_);
  scope_->rate_and_total(info, "commit", "calls to commit", commits_);
  scope_->average_and_max(info, "commit-latency", "commit latency in ms", commit_latency_);

  const std::string spent = "The fraction of time the thread spent on ";
  scope_->ratio(info, "poll-ratio", spent + "polling records from the consumer", poll_ns_, round_ns_);
  scope_->ratio(info, "process-ratio", spent + "processing", process_ns_, round_ns_);
  scope_->ratio(info, "punctuate-ratio", spent + "punctuating", punctuate_ns_, round_ns_);
  scope_->ratio(info, "commit-ratio", spent + "committing", commit_ns_, round_ns_);
}

std::uint64_t ThreadMetrics::lap() {
  const std::int64_t now = nanos();
  const std::int64_t since = std::exchange(last_lap_, now);
  // A test's clock may stand still or be set back.
  return static_cast<std::uint64_t>(std::max<std::int64_t>(now - since, 0));
}

void ThreadMetrics::begin_round() {
  (void)lap();
  round_ns_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(last_lap_ - round_began_, 0)));
  round_began_ = last_lap_;
}

void ThreadMetrics::polled(std::size_t records) {
  const std::uint64_t elapsed = lap();
  polls_.add();
  poll_ns_.add(elapsed);
  poll_latency_.record(to_ms(elapsed));
  poll_records_.record(static_cast<double>(records));
}

void ThreadMetrics::processed(TaskMetrics& task) {
  const std::uint64_t elapsed = lap();
  const std::uint64_t records = count(task);
  task.process_ns.add(elapsed);
  process_ns_.add(elapsed);
  // The average of the slice stands for each of its records.
  if (records > 0) task.process_latency.record(to_ms(elapsed) / static_cast<double>(records));
  round_records_ += records;
  round_process_ns_ += elapsed;
}

std::uint64_t ThreadMetrics::count(TaskMetrics& task) {
  const std::uint64_t all = task.processed.value();
  // The task counts each record itself. Taking the difference once per slice keeps the shared counters out of the loop.
  const std::uint64_t fresh = all - std::exchange(task.thread_counted, all);
  processed_.add(fresh);
  client_.processed.add(fresh);
  return fresh;
}

void ThreadMetrics::end_processing() {
  // Looking for records in the queues counts as processing, as in Kafka Streams.
  process_ns_.add(lap());
  process_records_.record(static_cast<double>(round_records_));
  if (round_records_ > 0) process_latency_.record(to_ms(round_process_ns_) / static_cast<double>(round_records_));
  round_records_ = 0;
  round_process_ns_ = 0;
}

void ThreadMetrics::punctuated(std::uint64_t tasks) {
  const std::uint64_t elapsed = lap();
  punctuate_ns_.add(elapsed);
  if (tasks == 0) return;
  punctuated_.add(tasks);
  punctuate_latency_.record(to_ms(elapsed) / static_cast<double>(tasks));
}

void ThreadMetrics::committed(std::int64_t since) {
  const auto elapsed = static_cast<std::uint64_t>(std::max<std::int64_t>(nanos() - since, 0));
  commits_.add();
  client_.commits.add();
  commit_ns_.add(elapsed);
  commit_latency_.record(to_ms(elapsed));
}

std::shared_ptr<TaskMetrics> ThreadMetrics::of_task(TaskId id) {
  std::weak_ptr<TaskMetrics>& known = tasks_[id];
  // After a restart, the new task goes on with the counters of the old one.
  if (auto present = known.lock()) return present;
  auto made = std::make_shared<TaskMetrics>(client_, name_, id);
  made->show_share_of(process_ns_);
  known = made;
  return made;
}

DroppedRecords& ThreadMetrics::dropped_of_no_task() {
  if (!dropped_of_no_task_) dropped_of_no_task_.emplace(client_, MetricTags{{"thread-id", name_}}, "");
  return *dropped_of_no_task_;
}

// A slice that ended with an exception was not counted yet.
void ThreadMetrics::task_closed(TaskMetrics& task) {
  (void)count(task);
  tasks_closed_.add();
}

void ThreadMetrics::close() {
  dropped_of_no_task_.reset();
  scope_.reset();
}

}  // namespace millrace::detail
