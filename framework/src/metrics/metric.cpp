// SPDX-License-Identifier: Apache-2.0
#include "millrace/metrics/metric.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <tuple>

#include "millrace/metrics/drop_reason.hpp"

namespace millrace {
namespace {

// `tags` may be a part of the metric's tags.
[[nodiscard]] bool matches(const Metric& metric, std::string_view group, std::string_view name,
                           const MetricTags& tags) {
  return metric.group == group && metric.name == name && std::ranges::all_of(tags, [&](const auto& tag) {
           const auto found = metric.tags.find(tag.first);
           return found != metric.tags.end() && found->second == tag.second;
         });
}

}  // namespace

double Metric::number() const {
  const auto* number = std::get_if<double>(&value);
  return number == nullptr ? std::numeric_limits<double>::quiet_NaN() : *number;
}

std::string Metric::text() const {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  // 16 digits show every count up to 2^53 exactly, which is as far as a double counts.
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.16g", std::get<double>(value));
  return digits;
}

// A fixed order makes snapshots comparable, and output of programs stable.
Metrics::Metrics(std::vector<Metric> metrics) : metrics_(std::move(metrics)) {
  std::ranges::sort(metrics_, {},
                    [](const Metric& metric) { return std::tie(metric.group, metric.name, metric.tags); });
}

const Metric* Metrics::find(std::string_view group, std::string_view name, const MetricTags& tags) const {
  const auto found =
      std::ranges::find_if(metrics_, [&](const Metric& metric) { return matches(metric, group, name, tags); });
  return found == metrics_.end() ? nullptr : &*found;
}

double Metrics::sum(std::string_view group, std::string_view name, const MetricTags& tags) const {
  double sum = 0;
  for (const Metric& metric : metrics_) {
    if (matches(metric, group, name, tags)) sum += metric.number();
  }
  return sum;
}

const char* to_string(DropReason reason) {
  switch (reason) {
    case DropReason::null_key: return "null-key";
    case DropReason::null_value: return "null-value";
    case DropReason::null_join_key: return "null-join-key";
    case DropReason::null_foreign_key: return "null-foreign-key";
    case DropReason::expired_window: return "expired-window";
    case DropReason::older_version: return "older-version";
    case DropReason::outdated_response: return "outdated-response";
    case DropReason::negative_timestamp: return "negative-timestamp";
    case DropReason::no_partition: return "no-partition";
    case DropReason::deserialization_error: return "deserialization-error";
    case DropReason::processing_error: return "processing-error";
    case DropReason::serialization_error: return "serialization-error";
    case DropReason::production_error: return "production-error";
  }
  // Not reached. Compilers want a return, because an enum can hold other numbers.
  return "unknown";
}

}  // namespace millrace
