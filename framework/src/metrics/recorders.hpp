// SPDX-License-Identifier: Apache-2.0
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

// The counters and measurements of record processing. One thread writes, any thread reads, and no thread waits. For the
// writer an addition is as cheap as for a plain number. MetricScope gives the values their names.

/// A count that only grows. One thread writes.
///
/// The writer loads and stores instead of adding atomically. With one writer no addition is lost, and the CPU runs a
/// plain addition without a bus lock.
class Counter {
 public:
  void add(std::uint64_t more = 1) { value_.store(value() + more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A count that only grows. Any thread writes. Each add() is an atomic addition, so use this only for events that
/// happen at most once per round of a thread.
class SharedCounter {
 public:
  void add(std::uint64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A number that goes up and down. One thread writes, any thread reads.
class Level {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t more) { set(value() + more); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Observed numbers, of which metrics show the average and the maximum. One thread writes. The unit is the caller's;
/// names of members say it, such as `latency_ns`.
class Observations {
 public:
  /// The maximum of no observations.
  static constexpr double kNone = -std::numeric_limits<double>::infinity();

  void record(double value) {
    count_.add();
    sum_.store(sum() + value, std::memory_order_relaxed);
    // The reader resets the maximum with an exchange. A plain store could then write back an old maximum, so compare
    // and exchange. It rarely runs: only for a new maximum.
    double largest = largest_.load(std::memory_order_relaxed);
    while (value > largest && !largest_.compare_exchange_weak(largest, value, std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] std::uint64_t count() const { return count_.value(); }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }
  /// The largest number since the last call; kNone: there was none. Only one reader may call this: the SampledMax.
  [[nodiscard]] double take_largest() { return largest_.exchange(kNone, std::memory_order_relaxed); }

 private:
  Counter count_;
  std::atomic<double> sum_{0};
  std::atomic<double> largest_{kNone};  // since the last take_largest()
};

/// Records and bytes that were read from a topic or written to it. One thread writes.
class TopicTotals {
 public:
  explicit TopicTotals(std::string_view topic) : fixed_bytes_(topic.size() + kPlaceBytes) {}

  /// Counts one record. Its size is computed as Kafka Streams does: key, value, headers, topic name, partition, offset
  /// and timestamp.
  void add(const BytesView& key, const BytesView& value, const Headers& headers) {
    std::size_t size = fixed_bytes_ + (key ? key->size() : 0) + (value ? value->size() : 0);
    // Not inline: most records have no headers.
    if (!headers.empty()) size += size_of(headers);
    records.add();
    bytes.add(size);
  }

  Counter records;
  Counter bytes;

 private:
  static constexpr std::size_t kPlaceBytes = 8 + 8 + 4;  // timestamp, offset, partition

  [[nodiscard]] static std::size_t size_of(const Headers& headers);

  std::size_t fixed_bytes_;  // per record: everything but key, value and headers
};

}  // namespace millrace::detail
