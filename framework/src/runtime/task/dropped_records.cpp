// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/dropped_records.hpp"

#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

[[nodiscard]] MetricTags with_reason(MetricTags tags, DropReason reason) {
  tags.emplace("reason", to_string(reason));
  return tags;
}

}  // namespace

DroppedRecords::DroppedRecords(ClientMetrics& client, MetricTags tags, std::string task)
    : client_(client), tags_(std::move(tags)), task_(std::move(task)), scope_(client.registry, kTaskGroup, tags_) {
  scope_.rate_and_total(RecordingLevel::info, "dropped-records", "dropped records", total_);
}

DroppedRecords::~DroppedRecords() {
  for (Recent& recent : recent_) report(recent);
}

DroppedRecords::ByReason::ByReason(MetricsRegistry& registry, const MetricTags& tags)
    : scope(registry, kTaskGroup, tags) {
  scope.total(RecordingLevel::info, "dropped-records-by-reason-total", "records that were dropped for this reason",
              count);
}

void DroppedRecords::count(DropReason reason, const std::string& node, FunctionRef<std::string()> describe) {
  total_.add();
  auto& by_reason = by_reason_[static_cast<std::size_t>(reason)];
  if (!by_reason) by_reason = std::make_unique<ByReason>(client_.registry, with_reason(tags_, reason));
  by_reason->count.add();
  client_.dropped(reason).add();

  Recent& recent = this->recent(reason, node);
  if (recent.lines == kLinesPerInterval) {
    ++recent.without_line;
    unreported_ = true;
    return;
  }
  // The clock is read only for drops that get a line. So thousands of drops per second cost little. A node that drops a
  // record now and then gets a line for each of them.
  const Timestamp now = client_.registry.clock().monotonic_ms();
  if (now - recent.since >= kIntervalMs) {
    recent.since = now;
    recent.lines = 0;
  }
  ++recent.lines;
  log(LogLevel::warn, describe());
}

DroppedRecords::Recent& DroppedRecords::recent(DropReason reason, const std::string& node) {
  for (Recent& known : recent_) {
    if (known.reason == reason && known.node == node) return known;
  }
  recent_.push_back({node, reason, client_.registry.clock().monotonic_ms()});
  return recent_.back();
}

void DroppedRecords::report_due() {
  const Timestamp now = client_.registry.clock().monotonic_ms();
  bool left = false;
  for (Recent& recent : recent_) {
    if (recent.without_line == 0) continue;
    if (now - recent.since < kIntervalMs) {
      left = true;
      continue;
    }
    report(recent);
    recent.since = now;
    recent.lines = 0;
  }
  unreported_ = left;
}

void DroppedRecords::report(Recent& recent) const {
  if (recent.without_line == 0) return;
  std::string text = std::to_string(recent.without_line) + " more dropped";
  if (!recent.node.empty()) text += " at node " + recent.node;
  if (!task_.empty()) text += " (task " + task_ + ")";
  log(LogLevel::warn, text + ": " + to_string(recent.reason));
  recent.without_line = 0;
}

}  // namespace millrace::detail
