// SPDX-License-Identifier: Apache-2.0
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

/// The limits of a suppression buffer. Bytes are counted as Kafka Streams counts them.
struct BufferLimits {
  std::int64_t max_records = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_bytes = std::numeric_limits<std::int64_t>::max();
  bool logging = true;
  std::map<std::string, std::string> log_config;
};

}  // namespace detail

class StrictBufferConfig;

/// A suppression buffer that emits its oldest results early when it is full. (Kafka Streams: `EagerBufferConfig`.)
class EagerBufferConfig {
 public:
  explicit EagerBufferConfig(detail::BufferLimits limits = {}) : limits_(std::move(limits)) {}

  /// The buffer is full when it holds more than this many results. It holds one per key.
  [[nodiscard]] EagerBufferConfig with_max_records(std::int64_t records) const {
    auto copy = *this;
    copy.limits_.max_records = records;
    return copy;
  }
  /// The buffer is full when its results take more than this many bytes, counted as in Kafka Streams.
  [[nodiscard]] EagerBufferConfig with_max_bytes(std::int64_t bytes) const {
    auto copy = *this;
    copy.limits_.max_bytes = bytes;
    return copy;
  }
  /// The buffer gets no changelog. Its results are lost if the task moves or restarts.
  [[nodiscard]] EagerBufferConfig with_logging_disabled() const {
    auto copy = *this;
    copy.limits_.logging = false;
    return copy;
  }
  /// Sets topic settings of the changelog, under the broker's names, such as "segment.bytes".
  [[nodiscard]] EagerBufferConfig with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.limits_.logging = true;
    copy.limits_.log_config = std::move(topic_config);
    return copy;
  }
  /// When the buffer is full, it emits the oldest results early.
  [[nodiscard]] EagerBufferConfig emit_early_when_full() const { return *this; }
  /// When the buffer is full, the task fails.
  [[nodiscard]] StrictBufferConfig shut_down_when_full() const;
  /// No limits.
  [[nodiscard]] StrictBufferConfig with_no_bound() const;

  [[nodiscard]] const detail::BufferLimits& limits() const { return limits_; }

 private:
  detail::BufferLimits limits_;
};

/// A suppression buffer that never emits a result early. It has no limit, or the task fails when it is full. (Kafka
/// Streams: `StrictBufferConfig`.)
class StrictBufferConfig {
 public:
  explicit StrictBufferConfig(detail::BufferLimits limits = {}) : limits_(std::move(limits)) {}

  /// The buffer is full when it holds more than this many results. It holds one per key.
  [[nodiscard]] StrictBufferConfig with_max_records(std::int64_t records) const {
    auto copy = *this;
    copy.limits_.max_records = records;
    return copy;
  }
  /// The buffer is full when its results take more than this many bytes, counted as in Kafka Streams.
  [[nodiscard]] StrictBufferConfig with_max_bytes(std::int64_t bytes) const {
    auto copy = *this;
    copy.limits_.max_bytes = bytes;
    return copy;
  }
  /// The buffer gets no changelog. Its results are lost if the task moves or restarts.
  [[nodiscard]] StrictBufferConfig with_logging_disabled() const {
    auto copy = *this;
    copy.limits_.logging = false;
    return copy;
  }
  /// Sets topic settings of the changelog, under the broker's names, such as "segment.bytes".
  [[nodiscard]] StrictBufferConfig with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.limits_.logging = true;
    copy.limits_.log_config = std::move(topic_config);
    return copy;
  }
  /// When the buffer is full, it emits the oldest results early.
  [[nodiscard]] EagerBufferConfig emit_early_when_full() const { return EagerBufferConfig(limits_); }
  /// When the buffer is full, the task fails.
  [[nodiscard]] StrictBufferConfig shut_down_when_full() const { return *this; }
  /// No limits.
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

/// The size of a suppression buffer, and what happens when it is full. (Kafka Streams: `Suppressed.BufferConfig`.)
struct BufferConfig {
  /// At most this many results, one per key.
  [[nodiscard]] static EagerBufferConfig max_records(std::int64_t records) {
    return EagerBufferConfig().with_max_records(records);
  }
  /// At most this many bytes of keys, values, record positions and headers, counted as in Kafka Streams.
  [[nodiscard]] static EagerBufferConfig max_bytes(std::int64_t bytes) {
    return EagerBufferConfig().with_max_bytes(bytes);
  }
  [[nodiscard]] static StrictBufferConfig unbounded() { return StrictBufferConfig(); }
};

/// When the updates of a table are passed on. (Kafka Streams: `Suppressed`.)
///
///     Suppressed::until_window_closes(BufferConfig::unbounded())
///     Suppressed::until_time_limit(5min, BufferConfig::max_records(1000))
///
/// All times are stream time, so nothing is emitted while no records arrive.
class Suppressed {
 public:
  /// Emits only the final result of each window. For tables of windowed aggregations. The buffer must be strict,
  /// because an early result would not be final.
  [[nodiscard]] static Suppressed until_window_closes(const StrictBufferConfig& buffer) {
    Suppressed result;
    result.window_closes_ = true;
    result.limits_ = buffer.limits();
    return result;
  }
  /// Never usable: makes the compiler say which buffers are possible.
  template <class Eager>
  [[nodiscard]] static Suppressed until_window_closes(const Eager& /*buffer*/) {
    static_assert(detail::kNever<Eager>,
                  "until_window_closes must not let results out early: give it BufferConfig::unbounded(), or a limit "
                  "with shut_down_when_full()");
    return {};
  }

  /// Emits the last update of each key, once `limit` has passed since the first update that was held back. Throws
  /// TopologyException if `limit` is negative.
  [[nodiscard]] static Suppressed until_time_limit(Millis limit, const EagerBufferConfig& buffer) {
    return until_time_limit(limit, buffer.limits(), true);
  }
  [[nodiscard]] static Suppressed until_time_limit(Millis limit, const StrictBufferConfig& buffer) {
    return until_time_limit(limit, buffer.limits(), false);
  }

  /// Names the node. Its store is then `<name>-store`.
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
