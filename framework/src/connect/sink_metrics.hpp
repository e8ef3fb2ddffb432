// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "metrics/recorders.hpp"
#include "metrics/registry.hpp"
#include "millrace/connect/sink_runner.hpp"

namespace millrace::connect::detail {

/// The counters of one sink runner, with their names. The thread of run() writes, any thread reads.
class SinkMetrics {
 public:
  explicit SinkMetrics(const std::string& connector);

  millrace::detail::Counter read;
  millrace::detail::Counter written;
  millrace::detail::Counter rejected;
  millrace::detail::Counter dead_letters;
  millrace::detail::Counter retries;

  [[nodiscard]] SinkCounters counters() const;
  [[nodiscard]] Metrics snapshot() { return registry_.snapshot(); }
  /// Call it often: it looks at the rates once a second, see MetricsRegistry::look().
  void look();

 private:
  millrace::detail::MetricsRegistry registry_{Clock::system(), {}};
  std::chrono::steady_clock::time_point looked_;
  // After the counters, which they read.
  millrace::detail::MetricScope task_;
  millrace::detail::MetricScope errors_;
};

}  // namespace millrace::connect::detail
