// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/round_scheduler.hpp"

#include <algorithm>

namespace millrace::detail {

void RoundScheduler::begin(Timestamp now, Timestamp commit_at, std::optional<Timestamp> punctuation_at) {
  now_ = now;
  commit_at_ = commit_at;
  round_end_ = std::min(now + kLongestRound.count(), polled_at_ + max_poll_interval_.count() / 2);
  if (punctuation_at) round_end_ = std::min(round_end_, *punctuation_at);
  left_ = kRecordsPerRound;
  found_work_ = false;
}

int RoundScheduler::slice() {
  // The plain read comes first, because exchange() is costly and this runs for every slice.
  if (end_requested_ && end_requested_.exchange(false)) left_ = 0;
  // The first slice of a round ignores due times, see the class comment.
  const bool first = left_ == kRecordsPerRound;
  if (!first && now_ >= std::min(round_end_, commit_at_)) return 0;
  return std::min(slice_, left_);
}

Millis RoundScheduler::processed(int records, Timestamp now, Timestamp commit_at) {
  const Millis took(now - now_);
  now_ = now;
  commit_at_ = commit_at;
  left_ -= records;
  found_work_ = true;
  adapt(records, took);
  return took;
}

// A slice at most doubles. A few cheap records are weak evidence, and the clock only shows whole milliseconds.
void RoundScheduler::adapt(int records, Millis took) {
  const std::int64_t grown = std::min(2 * slice_, kLargestSlice);
  const std::int64_t fitting = took.count() == 0 ? grown : records * kSlice.count() / took.count();
  slice_ = static_cast<int>(std::clamp<std::int64_t>(fitting, 1, grown));
}

}  // namespace millrace::detail
