#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "millrace/processor/record.hpp"
#include "runtime/task/client_metrics.hpp"
#include "runtime/task/dropped_records.hpp"

namespace millrace::detail {

/// What one task counts and measures. Its thread writes, any thread reads. (Kafka Streams: `TaskMetrics`,
/// `ProcessorNodeMetrics`, `TopicMetrics`.)
class TaskMetrics {
 public:
  /// `client` must outlive it. `thread`: the tag thread-id.
  TaskMetrics(ClientMetrics& client, const std::string& thread, TaskId task);

  /// What each record of one input counts. One thread writes.
  struct Input {
    TopicTotals& topic;
    Counter& source;  ///< calls of the source node
  };
  /// Valid as long as this object. Made once for each source and topic.
  [[nodiscard]] Input input(const std::string& source, const std::string& topic);
  /// Likewise, of what a sink writes.
  [[nodiscard]] TopicTotals& produced(const std::string& sink, const std::string& topic);

  /// Adds the share of this task in a thread's processing time, both in nanoseconds.
  void show_share_of(const Counter& thread_process_ns);

  [[nodiscard]] MetricsRegistry& registry() { return client_.registry; }
  [[nodiscard]] ClientMetrics& client() { return client_; }
  /// Whether something that takes a look at the clock is measured (metrics.recording.level=DEBUG).
  [[nodiscard]] bool debug() const { return debug_; }
  /// The thread-id and the task-id.
  [[nodiscard]] const MetricTags& tags() const { return tags_; }

  Counter processed;                 ///< records taken up, those included that were dropped then
  std::uint64_t thread_counted = 0;  ///< how many of them its thread has counted; for that thread alone
  Counter process_ns;                ///< time spent on them
  Observations process_latency;      ///< ms per record, one for each slice of records
  Observations record_lateness;      ///< ms behind stream time; only if debug()
  Level buffered;                    ///< records that wait in the queues; only if debug()
  Counter enforced_processing;       ///< records taken up though a queue was empty
  Counter punctuations;              ///< calls of punctuators
  Observations punctuate_latency;    ///< ms; only if debug()
  Counter restored;                  ///< changelog records
  Level restore_remaining;           ///< changelog records that are still to be read
  DroppedRecords dropped;

 private:
  struct Topic {
    Topic(MetricsRegistry& registry, const std::string& topic, const MetricTags& tags)
        : totals(topic), scope(registry, kTopicGroup, tags) {}

    TopicTotals totals;
    MetricScope scope;
  };
  struct Source {
    Source(MetricsRegistry& registry, const MetricTags& tags) : scope(registry, kNodeGroup, tags) {}

    Counter process;
    MetricScope scope;
  };

  [[nodiscard]] MetricTags tags_of(const std::string& node) const;
  [[nodiscard]] TopicTotals& topic(const std::string& node, const std::string& topic, const char* verb);

  ClientMetrics& client_;
  const bool debug_;
  const MetricTags tags_;
  std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<Topic>> topics_;
  std::map<std::string, std::unique_ptr<Source>> sources_;
  MetricScope scope_;
};

}  // namespace millrace::detail
