#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"

namespace millrace::detail {

// What is counted and measured while records are processed. One thread writes, any thread reads, nobody waits: the
// writer's additions are plain ones as far as the CPU is concerned. MetricScope gives them names.

/// A count that only grows. One thread writes.
class Counter {
 public:
  void add(std::uint64_t more = 1) { value_.store(value() + more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A count that only grows. Any thread writes, so it is for what happens once per round or less.
class SharedCounter {
 public:
  void add(std::uint64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A number that goes up and down. One thread writes.
class Level {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t more) { set(value() + more); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Observed numbers, of which the average and the largest are shown. One thread writes.
class Observations {
 public:
  static constexpr double kNone = -std::numeric_limits<double>::infinity();

  void record(double value) {
    count_.add();
    sum_.store(sum() + value, std::memory_order_relaxed);
    // The reader takes the largest one away, so a plain write could put an old one back.
    double largest = largest_.load(std::memory_order_relaxed);
    while (value > largest && !largest_.compare_exchange_weak(largest, value, std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] std::uint64_t count() const { return count_.value(); }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }
  /// The largest since the last call; kNone: there was none. For the reader.
  [[nodiscard]] double take_largest() { return largest_.exchange(kNone, std::memory_order_relaxed); }

 private:
  Counter count_;
  std::atomic<double> sum_{0};
  std::atomic<double> largest_{kNone};
};

/// Records and bytes that came from a topic or went there.
class TopicTotals {
 public:
  explicit TopicTotals(std::string_view topic) : fixed_bytes_(topic.size() + kPlaceBytes) {}

  /// A record's bytes are counted as Kafka Streams does: key, value, headers, topic, partition, offset and timestamp.
  void add(const BytesView& key, const BytesView& value, const Headers& headers) {
    std::size_t size = fixed_bytes_ + (key ? key->size() : 0) + (value ? value->size() : 0);
    if (!headers.empty()) size += size_of(headers);
    records.add();
    bytes.add(size);
  }

  Counter records;
  Counter bytes;

 private:
  static constexpr std::size_t kPlaceBytes = 8 + 8 + 4;  // timestamp, offset, partition

  [[nodiscard]] static std::size_t size_of(const Headers& headers);

  std::size_t fixed_bytes_;
};

}  // namespace millrace::detail
