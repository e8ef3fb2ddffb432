// SPDX-License-Identifier: Apache-2.0
#include "metrics/samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace millrace::detail {
namespace {

/// Removes samples that ended at least count * window_ms ago. A sample counts as a whole as long as a part of it is
/// younger. The present sample always stays.
template <class Samples>
void forget_old(Samples& samples, const SampleSettings& settings, Timestamp now) {
  const std::int64_t age = static_cast<std::int64_t>(settings.count) * settings.window_ms;
  // A sample ends where the next one begins.
  while (samples.size() > 1 && now - samples[1].start >= age) samples.pop_front();
}

}  // namespace

SampledTotal::SampledTotal(const SampleSettings& settings, std::function<double()> total, Timestamp now)
    : settings_(settings), total_(std::move(total)) {
  samples_.push_back({now, total_()});
}

void SampledTotal::look(Timestamp now) {
  if (now - samples_.back().start >= settings_.window_ms) samples_.push_back({now, total_()});
  forget_old(samples_, settings_, now);
}

double SampledTotal::per_second(Timestamp now) const {
  // The time since the oldest sample began, at least count - 1 windows: see the declaration.
  std::int64_t elapsed = now - samples_.front().start;
  const std::int64_t window = std::max<std::int64_t>(settings_.window_ms, 1);
  const std::int64_t missing = static_cast<std::int64_t>(settings_.count) - 1 - elapsed / window;
  elapsed += std::max<std::int64_t>(missing, 0) * window;
  // Times are in ms. At least 1 ms, so that a rate is finite.
  return growth() * 1000.0 / static_cast<double>(std::max<std::int64_t>(elapsed, 1));
}

SampledMax::SampledMax(const SampleSettings& settings, Observations& source, Timestamp now)
    : settings_(settings), source_(source) {
  samples_.push_back({now, Observations::kNone});
}

void SampledMax::look(Timestamp now) {
  // Everything observed since the last call belongs to the present sample, because look() is called before it ends.
  samples_.back().largest = std::max(samples_.back().largest, source_.take_largest());
  if (now - samples_.back().start >= settings_.window_ms) samples_.push_back({now, Observations::kNone});
  forget_old(samples_, settings_, now);
}

double SampledMax::largest() {
  samples_.back().largest = std::max(samples_.back().largest, source_.take_largest());
  double largest = Observations::kNone;
  for (const Sample& sample : samples_) largest = std::max(largest, sample.largest);
  return largest == Observations::kNone ? std::numeric_limits<double>::quiet_NaN() : largest;
}

}  // namespace millrace::detail
