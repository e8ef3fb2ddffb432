// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "runtime/task/client_metrics.hpp"

namespace millrace::detail {

/// Counts the records that one task dropped, by reason, for the task and for the application. Logs them at warn level,
/// but not all: a node that drops many records for the same reason gets a line for each of the first kLinesPerInterval.
/// After that, it gets at most one line per kIntervalMs, which says how many more were dropped.
///
/// Threads: the task's thread only. Metrics may be read by any thread.
class DroppedRecords {
 public:
  /// Single lines per node, reason and interval.
  static constexpr int kLinesPerInterval = 5;
  /// Milliseconds of wall-clock time.
  static constexpr std::int64_t kIntervalMs = 10'000;

  /// `client` must outlive the object. `tags`: those of the task's metrics. `task`: the task's name for the log; empty
  /// if unknown.
  DroppedRecords(ClientMetrics& client, MetricTags tags, std::string task);
  /// Logs the number of drops that have no line yet.
  ~DroppedRecords();
  DroppedRecords(const DroppedRecords&) = delete;
  DroppedRecords& operator=(const DroppedRecords&) = delete;

  /// Counts one dropped record. `node`: the node that dropped it; may be empty. `describe` returns the text of the log
  /// line. It is called only if a line is written, because the text is costly to make.
  void count(DropReason reason, const std::string& node, FunctionRef<std::string()> describe);

  /// Logs the number of further drops for each interval that has ended. The task calls it at each commit. Almost free
  /// if there is nothing to report.
  void report() {
    if (unreported_) report_due();
  }

  [[nodiscard]] std::uint64_t total() const { return total_.value(); }

 private:
  /// What was logged for one node and reason in the present interval.
  struct Recent {
    std::string node;
    DropReason reason;
    Timestamp since = 0;             ///< begin of the interval, ms since the epoch
    int lines = 0;                   ///< single lines so far
    std::uint64_t without_line = 0;  ///< drops after them
  };
  /// The metric of one reason.
  struct ByReason {
    ByReason(MetricsRegistry& registry, const MetricTags& tags);

    Counter count;
    MetricScope scope;
  };

  [[nodiscard]] Recent& recent(DropReason reason, const std::string& node);
  void report_due();
  void report(Recent& recent) const;

  ClientMetrics& client_;
  const MetricTags tags_;
  const std::string task_;
  Counter total_;
  /// Null: no record was dropped for this reason. So a task shows only the reasons that occurred.
  std::array<std::unique_ptr<ByReason>, kDropReasons.size()> by_reason_;
  /// Few entries, so a linear search is fine.
  std::vector<Recent> recent_;
  /// Whether some entry of recent_ has without_line > 0.
  bool unreported_ = false;
  MetricScope scope_;
};

}  // namespace millrace::detail
