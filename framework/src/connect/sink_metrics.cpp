// SPDX-License-Identifier: Apache-2.0
#include "connect/sink_metrics.hpp"

namespace millrace::connect::detail {

using millrace::detail::RecordingLevel;

SinkMetrics::SinkMetrics(const std::string& connector)
    : task_(registry_, "sink-task-metrics", {{"connector", connector}}),
      errors_(registry_, "task-error-metrics", {{"connector", connector}}) {
  constexpr auto info = RecordingLevel::info;
  task_.rate_and_total(info, "sink-record-read", "records that came from the broker", read);
  task_.rate_and_total(info, "sink-record-send", "records whose offset was committed", written);
  errors_.total(info, "total-records-failed", "records that the far side refused", rejected);
  errors_.total(info, "deadletterqueue-produce-requests", "dead letters that were written", dead_letters);
  errors_.total(info, "total-retries", "times that the sink was opened again", retries);
}

SinkCounters SinkMetrics::counters() const {
  return {.read = read.value(),
          .written = written.value(),
          .rejected = rejected.value(),
          .dead_letters = dead_letters.value(),
          .retries = retries.value()};
}

void SinkMetrics::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < std::chrono::seconds(1)) return;
  looked_ = now;
  registry_.look();
}

}  // namespace millrace::connect::detail
