#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "metrics/registry.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/metrics/drop_reason.hpp"

namespace millrace::detail {

// Kafka Streams' names of the groups.
inline constexpr const char* kClientGroup = "stream-metrics";
inline constexpr const char* kThreadGroup = "stream-thread-metrics";
inline constexpr const char* kTaskGroup = "stream-task-metrics";
inline constexpr const char* kNodeGroup = "stream-processor-node-metrics";
inline constexpr const char* kTopicGroup = "stream-topic-metrics";
inline constexpr const char* kStateGroup = "stream-state-metrics";

/// What metrics.recording.level, metrics.num.samples and metrics.sample.window.ms say.
[[nodiscard]] MetricsSettings configured_metrics(const StreamsConfig& config);

/// The metrics of one application, and what is counted of it as a whole: tasks and threads come and go, and take their
/// metrics with them; these totals stay. (Kafka Streams: `ClientMetrics`, `StreamsMetricsImpl`.)
class ClientMetrics {
 public:
  /// `client_id`: of the application, the tag of its metrics. `clock` must outlive it.
  explicit ClientMetrics(const Clock& clock = Clock::system(), const MetricsSettings& settings = {},
                         std::string client_id = {});

  [[nodiscard]] const std::string& client_id() const { return client_id_; }
  [[nodiscard]] SharedCounter& dropped(DropReason reason) { return dropped_[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return dropped_[static_cast<std::size_t>(reason)].value();
  }
  [[nodiscard]] std::uint64_t dropped() const;

  MetricsRegistry registry;
  SharedCounter processed;  ///< records, those included that were dropped
  SharedCounter restored;   ///< changelog records
  SharedCounter commits;
  SharedCounter failed_threads;

  /// For what is known elsewhere: state, threads.
  [[nodiscard]] MetricScope& scope() { return scope_; }

 private:
  std::string client_id_;
  std::array<SharedCounter, kDropReasons.size()> dropped_;
  MetricScope scope_;
  std::vector<std::unique_ptr<MetricScope>> by_reason_;
};

}  // namespace millrace::detail
