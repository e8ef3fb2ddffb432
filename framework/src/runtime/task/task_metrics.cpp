// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_metrics.hpp"

namespace millrace::detail {

constexpr auto info = RecordingLevel::info;

TaskMetrics::TaskMetrics(ClientMetrics& client, const std::string& thread, TaskId task)
    : dropped(client, {{"thread-id", thread}, {"task-id", task.str()}}, task.str()),
      client_(client),
      debug_(client.registry.shows(RecordingLevel::debug)),
      tags_{{"thread-id", thread}, {"task-id", task.str()}},
      scope_(client.registry, kTaskGroup, tags_) {
  // Names and levels are those of Kafka Streams, see docs/metrics.md.
  scope_.rate_and_total(RecordingLevel::debug, "process", "calls to process", processed);
  scope_.average_and_max(RecordingLevel::debug, "process-latency", "latency of calls to process in ms",
                         process_latency);
  scope_.average_and_max(RecordingLevel::debug, "record-lateness",
                         "lateness of records in ms, behind the stream time of the task", record_lateness);
  scope_.gauge(RecordingLevel::debug, "active-buffer-count",
               "The number of records that were polled and are not processed yet",
               [this] { return static_cast<double>(buffered.value()); });
  scope_.rate_and_total(RecordingLevel::debug, "enforced-processing",
                        "records that were processed though an input had none, after max.task.idle.ms",
                        enforced_processing);
  scope_.rate_and_total(RecordingLevel::debug, "punctuate", "calls to punctuate", punctuations);
  scope_.average_and_max(RecordingLevel::debug, "punctuate-latency", "latency of calls to punctuate in ms",
                         punctuate_latency);
  scope_.rate_and_total(RecordingLevel::debug, "restore", "records restored", restored);
  scope_.gauge(info, "restore-remaining-records-total", "The total number of records remaining to be restored",
               [this] { return static_cast<double>(restore_remaining.value()); });
}

void TaskMetrics::show_share_of(const Counter& thread_process_ns) {
  scope_.ratio(info, "active-process-ratio",
               "The fraction of the processing time of its thread that was spent on this task", process_ns,
               thread_process_ns);
}

MetricTags TaskMetrics::tags_of(const std::string& node) const {
  MetricTags tags = tags_;
  tags.emplace("processor-node-id", node);
  return tags;
}

TopicTotals& TaskMetrics::topic(const std::string& node, const std::string& topic, const char* verb) {
  auto& known = topics_[{verb, node, topic}];
  if (!known) {
    MetricTags tags = tags_of(node);
    tags.emplace("topic", topic);
    known = std::make_unique<Topic>(client_.registry, topic, tags);
    const std::string name(verb);
    const std::string place = name == "consumed" ? " consumed from this topic" : " produced to this topic";
    known->scope.total(info, "records-" + name + "-total", "records" + place, known->totals.records);
    known->scope.total(info, "bytes-" + name + "-total", "bytes" + place, known->totals.bytes);
  }
  return known->totals;
}

TaskMetrics::Input TaskMetrics::input(const std::string& source, const std::string& topic) {
  auto& known = sources_[source];
  if (!known) {
    known = std::make_unique<Source>(client_.registry, tags_of(source));
    known->scope.rate_and_total(RecordingLevel::debug, "process", "calls to process", known->process);
  }
  return {this->topic(source, topic, "consumed"), known->process};
}

TopicTotals& TaskMetrics::produced(const std::string& sink, const std::string& topic) {
  return this->topic(sink, topic, "produced");
}

}  // namespace millrace::detail
