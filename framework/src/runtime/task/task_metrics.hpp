// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "millrace/processor/record.hpp"
#include "runtime/task/client_metrics.hpp"
#include "runtime/task/dropped_records.hpp"

namespace millrace::detail {

/// The counters and measurements of one task. (Kafka Streams: `TaskMetrics`, `ProcessorNodeMetrics`, `TopicMetrics`.)
///
/// Threads: the task's thread writes, any thread reads. Owned jointly by the task and, during a restore, the changelog
/// reader. The metrics disappear from the registry with the object.
class TaskMetrics {
 public:
  /// `client` must outlive the object. `thread`: the value of the tag thread-id.
  TaskMetrics(ClientMetrics& client, const std::string& thread, TaskId task);

  /// What is counted for each record of one input topic.
  struct Input {
    TopicTotals& topic;
    /// Calls of the source node. A source with several topics has one counter.
    Counter& source;
  };
  /// The counters of a source and topic. Made at the first call. The references are valid while this object lives.
  [[nodiscard]] Input input(const std::string& source, const std::string& topic);
  /// The counters of a sink and topic; otherwise as input().
  [[nodiscard]] TopicTotals& produced(const std::string& sink, const std::string& topic);

  /// Registers the ratio of this task's processing time to that of its thread. `thread_process_ns` is in nanoseconds
  /// and must outlive the object.
  void show_share_of(const Counter& thread_process_ns);

  [[nodiscard]] MetricsRegistry& registry() { return client_.registry; }
  [[nodiscard]] ClientMetrics& client() { return client_; }
  /// Whether measurements that need a clock read are made (metrics.recording.level is DEBUG or TRACE).
  [[nodiscard]] bool debug() const { return debug_; }
  /// thread-id and task-id.
  [[nodiscard]] const MetricTags& tags() const { return tags_; }

  Counter processed;  ///< records, including those that a node dropped
  /// How many of `processed` the thread has added to its own count. Only the thread uses it.
  std::uint64_t thread_counted = 0;
  Counter process_ns;              ///< processing time
  Observations process_latency;    ///< ms per record; one observation per slice of records
  Observations record_lateness;    ///< ms behind stream time; only if debug()
  Level buffered;                  ///< records in the queues; only if debug()
  Counter enforced_processing;     ///< records processed although a queue was empty
  Counter punctuations;            ///< calls of punctuators
  Observations punctuate_latency;  ///< ms; only if debug()
  Counter restored;                ///< changelog records
  Level restore_remaining;         ///< changelog records still to be read
  DroppedRecords dropped;

 private:
  /// One topic that a node reads or writes.
  struct Topic {
    Topic(MetricsRegistry& registry, const std::string& topic, const MetricTags& tags)
        : totals(topic), scope(registry, kTopicGroup, tags) {}

    TopicTotals totals;
    MetricScope scope;
  };
  /// One source node.
  struct Source {
    Source(MetricsRegistry& registry, const MetricTags& tags) : scope(registry, kNodeGroup, tags) {}

    Counter process;
    MetricScope scope;
  };

  /// The task's tags with the node's name.
  [[nodiscard]] MetricTags tags_of(const std::string& node) const;
  /// `verb`: "consumed" or "produced".
  [[nodiscard]] TopicTotals& topic(const std::string& node, const std::string& topic, const char* verb);

  ClientMetrics& client_;
  const bool debug_;
  const MetricTags tags_;
  /// By verb, node and topic.
  std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<Topic>> topics_;
  std::map<std::string, std::unique_ptr<Source>> sources_;
  /// The last member, so it is destroyed before the counters that it shows.
  MetricScope scope_;
};

}  // namespace millrace::detail
