#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "runtime/task/client_metrics.hpp"

namespace millrace::detail {

/// The records that one task dropped: counts each by its reason, for the task and for the application, and says so in
/// the log. A node that drops many for the same reason gets a line for each of the first few, and then, every ten
/// seconds at most, one line that says how many more there were. Used by the task's thread alone.
class DroppedRecords {
 public:
  static constexpr int kLinesPerInterval = 5;
  static constexpr std::int64_t kIntervalMs = 10'000;

  /// `client` must outlive it. `tags`: of the task. `task`: its name in the log; empty: unknown.
  DroppedRecords(ClientMetrics& client, MetricTags tags, std::string task);
  /// Logs what was not reported yet.
  ~DroppedRecords();
  DroppedRecords(const DroppedRecords&) = delete;
  DroppedRecords& operator=(const DroppedRecords&) = delete;

  /// `node`: where it was dropped, may be empty. `describe` makes the text of the log line; called only if there is
  /// one.
  void count(DropReason reason, const std::string& node, FunctionRef<std::string()> describe);

  /// Logs how many more there were, where an interval is over. To be called from time to time, as at commits.
  void report() {
    if (unreported_) report_due();
  }

  [[nodiscard]] std::uint64_t total() const { return total_.value(); }

 private:
  /// Of one node and reason, since its interval began.
  struct Recent {
    std::string node;
    DropReason reason;
    Timestamp since = 0;
    int lines = 0;
    std::uint64_t without_line = 0;
  };
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
  std::array<std::unique_ptr<ByReason>, kDropReasons.size()> by_reason_;  ///< null: none so far
  std::vector<Recent> recent_;
  bool unreported_ = false;
  MetricScope scope_;
};

}  // namespace millrace::detail
