// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/samples.hpp"
#include "millrace/common/time.hpp"
#include "millrace/metrics/metric.hpp"

namespace millrace::detail {

class MetricScope;

/// How many metrics are shown: those of the configured level and of all levels before it. (metrics.recording.level)
enum class RecordingLevel { info, debug, trace };

struct MetricsSettings {
  RecordingLevel level = RecordingLevel::info;
  SampleSettings samples = {};
};

/// The metrics of one application, under Kafka Streams' names. (Kafka: `Metrics`; Kafka Streams: `StreamsMetricsImpl`.)
///
/// The registry holds names and functions that read a value. It holds no values. A value belongs to the thread, task or
/// store that counts it. That owner also has a MetricScope, which removes the names when the owner ends.
///
/// Threads: any. Functions that read values run under the registry's lock, on the thread that asks for a snapshot. They
/// must not wait for a thread that makes or destroys a scope: that thread waits for the same lock.
class MetricsRegistry {
 public:
  /// `clock` tells when samples begin, and must outlive the registry.
  MetricsRegistry(const Clock& clock, const MetricsSettings& settings) : clock_(clock), settings_(settings) {}
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  /// True if metrics of this level are shown. Callers skip expensive measurements otherwise.
  [[nodiscard]] bool shows(RecordingLevel level) const { return level <= settings_.level; }
  [[nodiscard]] RecordingLevel level() const { return settings_.level; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  /// Begins new samples where the present ones are over. Call this about once a second: a rate can tell apart only what
  /// happened between two calls.
  void look();

  /// The present value of every metric. Begins samples too, so a snapshot is right without look().
  [[nodiscard]] Metrics snapshot();

 private:
  friend class MetricScope;

  const Clock& clock_;
  const MetricsSettings settings_;
  /// Guards the members below, and the contents of all scopes.
  std::mutex mutex_;
  std::set<MetricScope*> scopes_;
};

/// The metrics of one group with the same tags, for example those of one task or of one topic of a task.
///
/// They appear in snapshots while this object exists. Its owner is the object that counts. The counters that the
/// metrics read must outlive this object, so declare the scope after them.
class MetricScope {
 public:
  /// `group`: Kafka Streams' name, such as `stream-task-metrics`. `registry` must outlive the scope. Any thread.
  MetricScope(MetricsRegistry& registry, std::string group, MetricTags tags);
  MetricScope(const MetricScope&) = delete;
  MetricScope& operator=(const MetricScope&) = delete;
  /// Waits for a snapshot that is being taken. After that no reading function of this scope is called again.
  ~MetricScope();

  // Each adds metrics unless the registry does not show their level. `what` completes the description, as in
  // "The total number of <what>".

  /// `<operation>-rate` and `<operation>-total`.
  template <class AnyCounter>
  void rate_and_total(RecordingLevel level, const std::string& operation, const std::string& what,
                      const AnyCounter& counter) {
    add_rate_and_total(level, operation, what, read(counter));
  }

  /// A total under the plain `name`, without a rate.
  template <class AnyCounter>
  void total(RecordingLevel level, const std::string& name, const std::string& what, const AnyCounter& counter) {
    gauge(level, name, "The total number of " + what, read(counter));
  }

  /// `<name>-avg` and `<name>-max` of the present samples. Both are NaN if nothing was observed. No second scope may
  /// use the same `observations`: reading the maximum resets it.
  void average_and_max(RecordingLevel level, const std::string& name, const std::string& what,
                       Observations& observations);

  /// The growth of `part` divided by the growth of `whole`, over the present samples. NaN: neither has grown.
  void ratio(RecordingLevel level, const std::string& name, const std::string& description, const Counter& part,
             const Counter& whole);

  /// A value that is read at each snapshot. `value` runs on the thread that takes the snapshot, under the lock.
  void gauge(RecordingLevel level, const std::string& name, const std::string& description,
             std::function<MetricValue()> value);
  /// A value that never changes, such as a version.
  void constant(RecordingLevel level, const std::string& name, const std::string& description, MetricValue value);

 private:
  friend class MetricsRegistry;

  // One metric of a snapshot.
  struct Entry {
    std::string name;
    std::string description;
    std::function<MetricValue(Timestamp now)> value;
  };

  // The function refers to the counter, so the counter must outlive the scope.
  template <class AnyCounter>
  [[nodiscard]] static auto read(const AnyCounter& counter) {
    return [&counter] { return static_cast<double>(counter.value()); };
  }
  void add_rate_and_total(RecordingLevel level, const std::string& operation, const std::string& what,
                          std::function<double()> total);
  template <class Kind, class... Args>
  [[nodiscard]] Kind& sample(Args&&... args);
  // Takes the lock: a snapshot may read entries_ on another thread at the same time.
  void add(std::string name, std::string description, std::function<MetricValue(Timestamp)> value);

  MetricsRegistry& registry_;
  const std::string group_;
  const MetricTags tags_;
  // Guarded by the registry's mutex. Functions in entries_ refer to objects in sampled_, whose addresses never change.
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<Sampled>> sampled_;
};

}  // namespace millrace::detail
