// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "metrics/recorders.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// The time over which rates, averages and maxima are computed: `count` samples of `window_ms` each, the present one
/// included.
struct SampleSettings {
  std::size_t count = 2;            ///< metrics.num.samples
  std::int64_t window_ms = 30'000;  ///< metrics.sample.window.ms
};

/// A statistic over samples of time. look() must be called regularly, or it cannot know when a change happened.
///
/// Kafka keeps samples at the writer. Here the reader keeps them, so that recording stays a plain addition. A source
/// only has a total. The growth of the total between two calls of look() is what happened in between. If nobody calls
/// look() for longer than a sample, that sample is longer.
///
/// Threads: guarded by the registry's lock. Only the sources are written by other threads.
class Sampled {
 public:
  virtual ~Sampled() = default;
  /// Begins a new sample if the present one is over. `now` in ms.
  virtual void look(Timestamp now) = 0;
};

/// The growth of a total over the samples.
class SampledTotal final : public Sampled {
 public:
  /// `total` reads the source. It must be callable as long as this object exists.
  SampledTotal(const SampleSettings& settings, std::function<double()> total, Timestamp now);

  void look(Timestamp now) override;
  /// The growth since the oldest sample began that still counts. See forget_old() for which samples count.
  [[nodiscard]] double growth() const { return total_() - samples_.front().total; }
  /// The growth per second. As in Kafka, all samples but the last count as complete. Otherwise a rate would be far too
  /// high in the first seconds.
  [[nodiscard]] double per_second(Timestamp now) const;

 private:
  struct Sample {
    Timestamp start;
    double total;  ///< the source's total when the sample began
  };

  SampleSettings settings_;
  std::function<double()> total_;
  std::deque<Sample> samples_;  // oldest first, never empty
};

/// The largest observation of all samples. Takes the maximum away from its source, so only one object may read a
/// source.
class SampledMax final : public Sampled {
 public:
  SampledMax(const SampleSettings& settings, Observations& source, Timestamp now);

  void look(Timestamp now) override;
  /// NaN: nothing was observed.
  [[nodiscard]] double largest();

 private:
  struct Sample {
    Timestamp start;
    double largest;  ///< of this sample; Observations::kNone: nothing yet
  };

  SampleSettings settings_;
  Observations& source_;
  std::deque<Sample> samples_;  // oldest first, never empty
};

}  // namespace millrace::detail
