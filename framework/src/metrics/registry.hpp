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

/// How much detail the metrics have: those of a level and of all before it are shown. (metrics.recording.level)
enum class RecordingLevel { info, debug, trace };

struct MetricsSettings {
  RecordingLevel level = RecordingLevel::info;
  SampleSettings samples = {};
};

/// The metrics of one application, by Kafka Streams' names. It holds names and how to read a value, no values: these
/// belong to whoever counts, a thread, a task or a store, whose MetricScope takes the names away with it.
/// (Kafka: `Metrics`; Kafka Streams: `StreamsMetricsImpl`.)
///
/// Threads: any. Functions that read values run under the registry's lock, on the thread that asks for a snapshot: they
/// must not wait for a thread that makes or ends a scope.
class MetricsRegistry {
 public:
  /// Both must outlive it. `clock`: of the samples.
  MetricsRegistry(const Clock& clock, const MetricsSettings& settings) : clock_(clock), settings_(settings) {}
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  [[nodiscard]] bool shows(RecordingLevel level) const { return level <= settings_.level; }
  [[nodiscard]] RecordingLevel level() const { return settings_.level; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  /// Begins new samples where they are due. To be called about once a second, so that rates know what was when.
  void look();

  [[nodiscard]] Metrics snapshot();

 private:
  friend class MetricScope;

  const Clock& clock_;
  const MetricsSettings settings_;
  std::mutex mutex_;  ///< guards what follows, and what the scopes hold
  std::set<MetricScope*> scopes_;
};

/// The metrics of one group with the same tags: of a thread, a task, a topic of a task... They are in the registry's
/// snapshots as long as this exists. What they read must outlive it.
class MetricScope {
 public:
  MetricScope(MetricsRegistry& registry, std::string group, MetricTags tags);
  MetricScope(const MetricScope&) = delete;
  MetricScope& operator=(const MetricScope&) = delete;
  ~MetricScope();

  // Each adds metrics unless the registry does not show their level. `what` completes the description, as in
  // "The total number of <what>".

  /// `<operation>-rate` and `<operation>-total`.
  template <class AnyCounter>
  void rate_and_total(RecordingLevel level, const std::string& operation, const std::string& what,
                      const AnyCounter& counter) {
    add_rate_and_total(level, operation, what, read(counter));
  }

  /// `name`, as it is.
  template <class AnyCounter>
  void total(RecordingLevel level, const std::string& name, const std::string& what, const AnyCounter& counter) {
    gauge(level, name, "The total number of " + what, read(counter));
  }

  /// `<name>-avg` and `<name>-max` of the present samples.
  void average_and_max(RecordingLevel level, const std::string& name, const std::string& what,
                       Observations& observations);

  /// How much one total grew while the other one did, over the present samples. NaN: neither did.
  void ratio(RecordingLevel level, const std::string& name, const std::string& description, const Counter& part,
             const Counter& whole);

  void gauge(RecordingLevel level, const std::string& name, const std::string& description,
             std::function<MetricValue()> value);
  void constant(RecordingLevel level, const std::string& name, const std::string& description, MetricValue value);

 private:
  friend class MetricsRegistry;

  struct Entry {
    std::string name;
    std::string description;
    std::function<MetricValue(Timestamp now)> value;
  };

  template <class AnyCounter>
  [[nodiscard]] static auto read(const AnyCounter& counter) {
    return [&counter] { return static_cast<double>(counter.value()); };
  }
  void add_rate_and_total(RecordingLevel level, const std::string& operation, const std::string& what,
                          std::function<double()> total);
  template <class Kind, class... Args>
  [[nodiscard]] Kind& sample(Args&&... args);
  void add(std::string name, std::string description, std::function<MetricValue(Timestamp)> value);

  MetricsRegistry& registry_;
  const std::string group_;
  const MetricTags tags_;
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<Sampled>> sampled_;
};

}  // namespace millrace::detail
