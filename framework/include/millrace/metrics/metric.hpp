// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millrace {

/// The tags that tell apart metrics of the same name: `thread-id`, `task-id`, `topic`...
using MetricTags = std::map<std::string, std::string>;

/// A number, or a text such as a state. NaN is a number that is not known yet, such as an average of no values. Kafka
/// does the same.
using MetricValue = std::variant<double, std::string>;

/// One metric as it was when the snapshot was taken. (Kafka Streams: a `MetricName` and the value of its `Metric`.)
struct Metric {
  std::string name;         ///< `process-rate`...
  std::string group;        ///< `stream-thread-metrics`...
  std::string description;  ///< says the unit where there is one
  MetricTags tags;
  MetricValue value;

  /// The value, or NaN if it is a text.
  [[nodiscard]] double number() const;
  /// The value as text. A number is printed with up to 16 significant digits.
  [[nodiscard]] std::string text() const;
};

/// The metrics of an application at one time, ordered by group, name and tags. docs/metrics.md lists them. (Kafka
/// Streams: the map that `KafkaStreams#metrics` returns.) This is a copy, which does not change. Any thread may read
/// it.
class Metrics {
 public:
  Metrics() = default;
  explicit Metrics(std::vector<Metric> metrics);

  [[nodiscard]] auto begin() const { return metrics_.begin(); }
  [[nodiscard]] auto end() const { return metrics_.end(); }
  [[nodiscard]] std::size_t size() const { return metrics_.size(); }
  [[nodiscard]] bool empty() const { return metrics_.empty(); }

  /// The first metric of this group and name that has all these tags. It may have other tags too. nullptr: there is
  /// none. Valid as long as this object.
  [[nodiscard]] const Metric* find(std::string_view group, std::string_view name, const MetricTags& tags = {}) const;

  /// Adds up the numbers of all metrics of this group and name that have all these tags. 0 if there is none, NaN if one
  /// of them is a text or not known yet.
  [[nodiscard]] double sum(std::string_view group, std::string_view name, const MetricTags& tags = {}) const;

 private:
  std::vector<Metric> metrics_;
};

}  // namespace millrace
