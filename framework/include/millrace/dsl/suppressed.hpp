#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"
#include "millrace/dsl/detail/misuse.hpp"

namespace millrace {

namespace detail {

struct BufferLimits {
  std::int64_t max_records = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_bytes = std::numeric_limits<std::int64_t>::max();
  bool logging = true;
  std::map<std::string, std::string> log_config;
};

}  // namespace detail

class StrictBufferConfig;

/// A buffer that lets its oldest results out when it is full. (Kafka Streams: `EagerBufferConfig`.)
class EagerBufferConfig {
 public:
  explicit EagerBufferConfig(detail::BufferLimits limits = {}) : limits_(std::move(limits)) {}

  /// How many results are held back at most, one for each key; full when more come.
  [[nodiscard]] EagerBufferConfig with_max_records(std::int64_t records) const {
    auto copy = *this;
    copy.limits_.max_records = records;
    return copy;
  }
  /// How many bytes the results held back may take, as Kafka Streams counts them; full when more come.
  [[nodiscard]] EagerBufferConfig with_max_bytes(std::int64_t bytes) const {
    auto copy = *this;
    copy.limits_.max_bytes = bytes;
    return copy;
  }
  /// No changelog: what is held back is lost with the task.
  [[nodiscard]] EagerBufferConfig with_logging_disabled() const {
    auto copy = *this;
    copy.limits_.logging = false;
    return copy;
  }
  /// Settings of the changelog topic, by the broker's names for them.
  [[nodiscard]] EagerBufferConfig with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.limits_.logging = true;
    copy.limits_.log_config = std::move(topic_config);
    return copy;
  }
  /// When full, the oldest results come out before their time.
  [[nodiscard]] EagerBufferConfig emit_early_when_full() const { return *this; }
  /// When full, the task fails.
  [[nodiscard]] StrictBufferConfig shut_down_when_full() const;
  /// Without limits.
  [[nodiscard]] StrictBufferConfig with_no_bound() const;

  [[nodiscard]] const detail::BufferLimits& limits() const { return limits_; }

 private:
  detail::BufferLimits limits_;
};

/// A buffer that never lets anything out early: without bound, or one that fails the task when it is full.
/// (Kafka Streams: `StrictBufferConfig`.)
class StrictBufferConfig {
 public:
  explicit StrictBufferConfig(detail::BufferLimits limits = {}) : limits_(std::move(limits)) {}

  /// How many results are held back at most, one for each key; full when more come.
  [[nodiscard]] StrictBufferConfig with_max_records(std::int64_t records) const {
    auto copy = *this;
    copy.limits_.max_records = records;
    return copy;
  }
  /// How many bytes the results held back may take, as Kafka Streams counts them; full when more come.
  [[nodiscard]] StrictBufferConfig with_max_bytes(std::int64_t bytes) const {
    auto copy = *this;
    copy.limits_.max_bytes = bytes;
    return copy;
  }
  /// No changelog: what is held back is lost with the task.
  [[nodiscard]] StrictBufferConfig with_logging_disabled() const {
    auto copy = *this;
    copy.limits_.logging = false;
    return copy;
  }
  /// Settings of the changelog topic, by the broker's names for them.
  [[nodiscard]] StrictBufferConfig with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.limits_.logging = true;
    copy.limits_.log_config = std::move(topic_config);
    return copy;
  }
  /// When full, the oldest results come out before their time.
  [[nodiscard]] EagerBufferConfig emit_early_when_full() const { return EagerBufferConfig(limits_); }
  /// When full, the task fails.
  [[nodiscard]] StrictBufferConfig shut_down_when_full() const { return *this; }
  /// Without limits.
  [[nodiscard]] StrictBufferConfig with_no_bound() const {
    auto copy = *this;
    copy.limits_.max_records = copy.limits_.max_bytes = std::numeric_limits<std::int64_t>::max();
    return copy;
  }

  [[nodiscard]] const detail::BufferLimits& limits() const { return limits_; }

 private:
  detail::BufferLimits limits_;
};

inline StrictBufferConfig EagerBufferConfig::shut_down_when_full() const { return StrictBufferConfig(limits_); }
inline StrictBufferConfig EagerBufferConfig::with_no_bound() const {
  return StrictBufferConfig(limits_).with_no_bound();
}

/// How much a suppressed table holds back, and what happens beyond. (Kafka Streams: `Suppressed.BufferConfig`.)
struct BufferConfig {
  [[nodiscard]] static EagerBufferConfig max_records(std::int64_t records) {
    return EagerBufferConfig().with_max_records(records);
  }
  /// Size of keys, values and their records' places and headers, as Kafka Streams counts it.
  [[nodiscard]] static EagerBufferConfig max_bytes(std::int64_t bytes) {
    return EagerBufferConfig().with_max_bytes(bytes);
  }
  [[nodiscard]] static StrictBufferConfig unbounded() { return StrictBufferConfig(); }
};

/// When the updates of a table go on: `Suppressed::until_window_closes(BufferConfig::unbounded())`,
/// `Suppressed::until_time_limit(5min, BufferConfig::max_records(1000))`. Time is stream time: it moves with records.
/// (Kafka Streams: `Suppressed`.)
class Suppressed {
 public:
  /// Only each window's final result; for tables of windowed aggregations. The buffer must not let results out early.
  [[nodiscard]] static Suppressed until_window_closes(const StrictBufferConfig& buffer) {
    Suppressed result;
    result.window_closes_ = true;
    result.limits_ = buffer.limits();
    return result;
  }
  template <class Eager>
  [[nodiscard]] static Suppressed until_window_closes(const Eager& /*buffer*/) {
    static_assert(detail::kNever<Eager>,
                  "until_window_closes must not let results out early: give it BufferConfig::unbounded(), or a limit "
                  "with shut_down_when_full()");
    return {};
  }

  /// The last update of each key, `limit` after the first one that was held back.
  [[nodiscard]] static Suppressed until_time_limit(Millis limit, const EagerBufferConfig& buffer) {
    return until_time_limit(limit, buffer.limits(), true);
  }
  [[nodiscard]] static Suppressed until_time_limit(Millis limit, const StrictBufferConfig& buffer) {
    return until_time_limit(limit, buffer.limits(), false);
  }

  /// Names the node, and its store `<name>-store`.
  [[nodiscard]] Suppressed with_name(std::string name) const {
    auto copy = *this;
    copy.name_ = std::move(name);
    return copy;
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool window_closes() const { return window_closes_; }
  [[nodiscard]] Millis limit() const { return limit_; }
  [[nodiscard]] bool emits_early() const { return emits_early_; }
  [[nodiscard]] const detail::BufferLimits& limits() const { return limits_; }

 private:
  static Suppressed until_time_limit(Millis limit, const detail::BufferLimits& limits, bool emits_early) {
    if (limit < Millis(0)) {
      throw TopologyException("Suppressed: the time limit must not be negative, but is " +
                              std::to_string(limit.count()) + " ms");
    }
    Suppressed result;
    result.limit_ = limit;
    result.limits_ = limits;
    result.emits_early_ = emits_early;
    return result;
  }

  std::string name_;
  bool window_closes_ = false;
  Millis limit_{0};
  bool emits_early_ = false;
  detail::BufferLimits limits_;
};

}  // namespace millrace
