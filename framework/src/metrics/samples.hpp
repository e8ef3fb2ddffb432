#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "metrics/recorders.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// What rates, averages and maxima look back on: so many samples of so many milliseconds, the present one included.
struct SampleSettings {
  std::size_t count = 2;            ///< metrics.num.samples
  std::int64_t window_ms = 30'000;  ///< metrics.sample.window.ms
};

/// Something that has to look at its source from time to time, so that it knows what was when.
///
/// Kafka keeps samples where it records. Here whoever reads keeps them, so that recording stays an addition: a source
/// has its total, and the growth of the total between two looks is what happened between them. If nobody looks for
/// longer than a sample, that sample is longer.
class Sampled {
 public:
  virtual ~Sampled() = default;
  /// Begins a new sample if the present one is complete.
  virtual void look(Timestamp now) = 0;
};

/// The growth of a total.
class SampledTotal final : public Sampled {
 public:
  SampledTotal(const SampleSettings& settings, std::function<double()> total, Timestamp now);

  void look(Timestamp now) override;
  /// Since the oldest sample began that is not over for as long as all samples take together.
  [[nodiscard]] double growth() const { return total_() - samples_.front().total; }
  /// The growth per second. As in Kafka, all samples but the last count as complete, so that a rate does not jump in
  /// the first seconds.
  [[nodiscard]] double per_second(Timestamp now) const;

 private:
  struct Sample {
    Timestamp start;
    double total;  ///< at its start
  };

  SampleSettings settings_;
  std::function<double()> total_;
  std::deque<Sample> samples_;
};

/// The largest of the observations of all samples.
class SampledMax final : public Sampled {
 public:
  SampledMax(const SampleSettings& settings, Observations& source, Timestamp now);

  void look(Timestamp now) override;
  /// NaN: there was none.
  [[nodiscard]] double largest();

 private:
  struct Sample {
    Timestamp start;
    double largest;
  };

  SampleSettings settings_;
  Observations& source_;
  std::deque<Sample> samples_;
};

}  // namespace millrace::detail
