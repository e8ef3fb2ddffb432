// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "metrics/recorders.hpp"
#include "metrics/registry.hpp"
#include "millrace/connect/source_runner.hpp"

namespace millrace::connect::detail {

/// The counters of one source runner, with their names. The thread of run() writes, any thread reads.
class SourceMetrics {
 public:
  explicit SourceMetrics(const std::string& connector);

  millrace::detail::Counter polled;
  millrace::detail::Counter written;
  millrace::detail::Counter rejected;
  millrace::detail::Counter dead_letters;
  millrace::detail::Counter retries;
  millrace::detail::Counter gaps;
  millrace::detail::Counter warnings;
  std::atomic<bool> ended{false};

  [[nodiscard]] SourceCounters counters() const;
  [[nodiscard]] Metrics snapshot() { return registry_.snapshot(); }
  /// Call it about once a second, see MetricsRegistry::look().
  void look() { registry_.look(); }

 private:
  millrace::detail::MetricsRegistry registry_{Clock::system(), {}};
  // After the counters, which they read.
  millrace::detail::MetricScope task_;
  millrace::detail::MetricScope errors_;
};

}  // namespace millrace::connect::detail
