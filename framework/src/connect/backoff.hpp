// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <stop_token>

#include "millrace/common/time.hpp"

namespace millrace::connect::detail {

/// Waits. Returns true, at once if need be, if `stop` was requested.
bool stopped_within(const std::stop_token& stop, Millis duration);

/// The pauses between attempts. Each is up to twice as long as the one before. Jitter keeps many processes from trying
/// at the same moment: a pause is between half and the whole of its limit. Used by one thread.
class Backoff {
 public:
  Backoff(Millis first, Millis longest) : first_(std::max(first, Millis(1))), longest_(longest), limit_(first_) {}

  /// The length of the next pause.
  [[nodiscard]] Millis next() {
    const Millis limit = std::min(limit_, std::max(longest_, first_));
    limit_ = std::min(2 * limit, longest_);
    std::uniform_int_distribution<std::int64_t> jitter(limit.count() / 2, limit.count());
    return Millis(std::max<std::int64_t>(1, jitter(random_)));
  }

  /// An attempt has succeeded.
  void reset() { limit_ = first_; }

 private:
  Millis first_;
  Millis longest_;
  Millis limit_;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace millrace::connect::detail
