// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/client_metrics.hpp"

#include <utility>

#include "millrace/version.hpp"

namespace millrace::detail {

MetricsSettings configured_metrics(const StreamsConfig& config) {
  const std::string level = config.get_string("metrics.recording.level");
  MetricsSettings settings;
  if (level == "DEBUG") settings.level = RecordingLevel::debug;
  if (level == "TRACE") settings.level = RecordingLevel::trace;
  settings.samples.count = static_cast<std::size_t>(config.get_int("metrics.num.samples"));
  settings.samples.window_ms = config.get_int("metrics.sample.window.ms");
  return settings;
}

ClientMetrics::ClientMetrics(const Clock& clock, const MetricsSettings& settings, std::string client_id)
    : registry(clock, settings),
      client_id_(std::move(client_id)),
      scope_(registry, kClientGroup, {{"client-id", client_id_}}) {
  using enum RecordingLevel;
  scope_.constant(info, "version", "The version of Millrace", std::string(kVersion));
  scope_.total(info, "process-total", "records that were processed, by all threads since the start", processed);
  scope_.total(info, "restore-total", "changelog records that were restored, by all threads since the start", restored);
  scope_.total(info, "commit-total", "commits, of all threads since the start", commits);
  scope_.total(info, "failed-stream-threads", "stream threads that failed since the start", failed_threads);
  // All reasons are registered from the start, so a dashboard shows 0 and not a gap.
  for (const DropReason reason : kDropReasons) {
    by_reason_.push_back(std::make_unique<MetricScope>(
        registry, kClientGroup, MetricTags{{"client-id", client_id_}, {"reason", to_string(reason)}}));
    by_reason_.back()->total(info, "dropped-records-by-reason-total",
                             "records that were dropped for this reason, by all tasks since the start",
                             dropped(reason));
  }
}

std::uint64_t ClientMetrics::dropped() const {
  std::uint64_t all = 0;
  for (const SharedCounter& counter : dropped_) all += counter.value();
  return all;
}

}  // namespace millrace::detail
