// SPDX-License-Identifier: Apache-2.0
#include "connect/source_metrics.hpp"

namespace millrace::connect::detail {

using millrace::detail::RecordingLevel;

SourceMetrics::SourceMetrics(const std::string& connector)
    : task_(registry_, "source-task-metrics", {{"connector", connector}}),
      errors_(registry_, "task-error-metrics", {{"connector", connector}}) {
  constexpr auto info = RecordingLevel::info;
  task_.rate_and_total(info, "source-record-poll", "records that the source gave", polled);
  task_.rate_and_total(info, "source-record-write", "records that the broker has", written);
  task_.total(info, "source-gap-total", "times in which a live source was not connected", gaps);
  errors_.total(info, "total-records-failed", "records with an error, or refused by the broker", rejected);
  errors_.total(info, "deadletterqueue-produce-requests", "dead letters that were written", dead_letters);
  errors_.total(info, "total-retries", "times that the source was opened again", retries);
  errors_.total(info, "total-warnings", "warnings of the source", warnings);
}

SourceCounters SourceMetrics::counters() const {
  return {.polled = polled.value(),
          .written = written.value(),
          .rejected = rejected.value(),
          .dead_letters = dead_letters.value(),
          .retries = retries.value(),
          .gaps = gaps.value(),
          .warnings = warnings.value(),
          .ended = ended.load()};
}

}  // namespace millrace::connect::detail
