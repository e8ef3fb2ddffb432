// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.hpp"

#include <utility>

namespace millrace::detail {

void MetricsRegistry::look() {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.monotonic_ms();
  for (MetricScope* scope : scopes_) {
    for (const auto& sampled : scope->sampled_) sampled->look(now);
  }
}

Metrics MetricsRegistry::snapshot() {
  // Begins due samples first, so that the values are right even if nobody calls look() regularly.
  look();
  std::vector<Metric> metrics;
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.monotonic_ms();
  for (const MetricScope* scope : scopes_) {
    for (const MetricScope::Entry& entry : scope->entries_) {
      metrics.push_back({entry.name, scope->group_, entry.description, scope->tags_, entry.value(now)});
    }
  }
  return Metrics(std::move(metrics));
}

MetricScope::MetricScope(MetricsRegistry& registry, std::string group, MetricTags tags)
    : registry_(registry), group_(std::move(group)), tags_(std::move(tags)) {
  const std::lock_guard lock(registry_.mutex_);
  registry_.scopes_.insert(this);
}

MetricScope::~MetricScope() {
  const std::lock_guard lock(registry_.mutex_);
  registry_.scopes_.erase(this);
}

void MetricScope::add(std::string name, std::string description, std::function<MetricValue(Timestamp)> value) {
  const std::lock_guard lock(registry_.mutex_);
  entries_.push_back({std::move(name), std::move(description), std::move(value)});
}

// Makes the object outside of the lock: its constructor reads the source, which may be slow.
template <class Kind, class... Args>
Kind& MetricScope::sample(Args&&... args) {
  auto made =
      std::make_unique<Kind>(registry_.settings_.samples, std::forward<Args>(args)..., registry_.clock_.monotonic_ms());
  Kind& result = *made;
  const std::lock_guard lock(registry_.mutex_);
  sampled_.push_back(std::move(made));
  return result;
}

void MetricScope::add_rate_and_total(RecordingLevel level, const std::string& operation, const std::string& what,
                                     std::function<double()> total) {
  if (!registry_.shows(level)) return;
  // The sample lives as long as the scope, so the functions below may refer to it.
  const auto& sampled = sample<SampledTotal>(total);
  add(operation + "-rate", "The average number of " + what + " per second",
      [&sampled](Timestamp now) { return sampled.per_second(now); });
  add(operation + "-total", "The total number of " + what, [total = std::move(total)](Timestamp) { return total(); });
}

void MetricScope::average_and_max(RecordingLevel level, const std::string& name, const std::string& what,
                                  Observations& observations) {
  if (!registry_.shows(level)) return;
  // The average of the samples is the growth of the sum divided by the growth of the count. 0 / 0 gives NaN.
  const auto& sum = sample<SampledTotal>([&observations] { return observations.sum(); });
  const auto& count = sample<SampledTotal>([&observations] { return static_cast<double>(observations.count()); });
  auto& max = sample<SampledMax>(observations);
  add(name + "-avg", "The average " + what, [&](Timestamp) { return sum.growth() / count.growth(); });
  add(name + "-max", "The maximum " + what, [&](Timestamp) { return max.largest(); });
}

void MetricScope::ratio(RecordingLevel level, const std::string& name, const std::string& description,
                        const Counter& part, const Counter& whole) {
  if (!registry_.shows(level)) return;
  // 0 / 0 gives NaN, which means "not known yet".
  const auto& part_growth = sample<SampledTotal>(read(part));
  const auto& whole_growth = sample<SampledTotal>(read(whole));
  add(name, description, [&](Timestamp) { return part_growth.growth() / whole_growth.growth(); });
}

void MetricScope::gauge(RecordingLevel level, const std::string& name, const std::string& description,
                        std::function<MetricValue()> value) {
  if (!registry_.shows(level)) return;
  add(name, description, [value = std::move(value)](Timestamp) { return value(); });
}

void MetricScope::constant(RecordingLevel level, const std::string& name, const std::string& description,
                           MetricValue value) {
  gauge(level, name, description, [value = std::move(value)] { return value; });
}

}  // namespace millrace::detail
