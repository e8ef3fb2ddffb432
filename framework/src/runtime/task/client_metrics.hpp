// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "metrics/registry.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/metrics/drop_reason.hpp"

namespace millrace::detail {

// The names of the groups in Kafka Streams. Dashboards depend on them.
inline constexpr const char* kClientGroup = "stream-metrics";
inline constexpr const char* kThreadGroup = "stream-thread-metrics";
inline constexpr const char* kTaskGroup = "stream-task-metrics";
inline constexpr const char* kNodeGroup = "stream-processor-node-metrics";
inline constexpr const char* kTopicGroup = "stream-topic-metrics";
inline constexpr const char* kStateGroup = "stream-state-metrics";

/// The settings of metrics.recording.level, metrics.num.samples and metrics.sample.window.ms.
[[nodiscard]] MetricsSettings configured_metrics(const StreamsConfig& config);

/// The metrics of one application, and the totals over all its threads and tasks. Tasks and threads come and go, and
/// their metrics with them; the totals stay. (Kafka Streams: `ClientMetrics`, `StreamsMetricsImpl`.)
///
/// Threads: any. The totals are counters that several threads add to, so they are for events that happen once per round
/// or less often.
class ClientMetrics {
 public:
  /// `client_id`: of the application; every metric has it as a tag. `clock` must outlive the object.
  explicit ClientMetrics(const Clock& clock = Clock::system(), const MetricsSettings& settings = {},
                         std::string client_id = {});

  [[nodiscard]] const std::string& client_id() const { return client_id_; }
  /// The counter of one reason.
  [[nodiscard]] SharedCounter& dropped(DropReason reason) { return dropped_[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return dropped_[static_cast<std::size_t>(reason)].value();
  }
  /// The sum over all reasons.
  [[nodiscard]] std::uint64_t dropped() const;

  MetricsRegistry registry;
  SharedCounter processed;  ///< records, including dropped ones
  SharedCounter restored;   ///< changelog records
  SharedCounter commits;
  SharedCounter failed_threads;  ///< including those that were replaced

  /// For metrics whose values are known elsewhere, such as the state of the application.
  [[nodiscard]] MetricScope& scope() { return scope_; }

 private:
  std::string client_id_;
  std::array<SharedCounter, kDropReasons.size()> dropped_;
  /// After the counters that it shows: members are destroyed in reverse order.
  MetricScope scope_;
  /// One scope per reason, because the reason is a tag.
  std::vector<std::unique_ptr<MetricScope>> by_reason_;
};

}  // namespace millrace::detail
