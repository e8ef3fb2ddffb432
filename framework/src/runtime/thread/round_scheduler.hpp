// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>

#include "millrace/common/time.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// Decides how many records a stream thread may process before something else is due: the next poll, a commit, a
/// wall-clock punctuation, or the request to close. It reads no clock: the thread reads the time after each slice of
/// records and passes it in. (Kafka Streams: the loop with `numIterations` in
/// `StreamThread.runOnceWithoutProcessingThreads`.)
///
/// A round is the time between two polls. It ends at the first of these:
///
///     kRecordsPerRound records       the queues should be filled again
///     kLongestRound                  restoring tasks and rebalances need the next poll
///     half of max.poll.interval.ms   the group removes a member that does not poll
///     commit_at                      see Committer::due_at(), which also knows transaction.timeout.ms
///     punctuation_at                 when the first punctuation of any task is due
///     request_end()                  the thread is to be closed
///
/// Each round processes at least one slice, even if something is due at its start. So records make progress however
/// often commits are due. Only request_end() prevents this slice.
///
/// A slice has at most kLargestSlice records. So the scheduler soon notices that records have become expensive. A slice
/// has fewer records if they would take longer than kSlice together. Reading the clock takes about 25 ns, which is less
/// than 1 ns per record if records are cheap.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread only, but any thread may call request_end().
class RoundScheduler {
 public:
  // Records.
  static constexpr int kRecordsPerRound = 1000;
  static constexpr int kLargestSlice = 32;
  // Milliseconds.
  static constexpr Millis kSlice{5};
  static constexpr Millis kLongestRound{100};

  explicit RoundScheduler(Millis max_poll_interval) : max_poll_interval_(max_poll_interval) {}

  /// The consumer was polled at `now`.
  void polled(Timestamp now) { polled_at_ = now; }
  /// A round of processing begins. `punctuation_at`: nullopt if no punctuation is scheduled.
  void begin(Timestamp now, Timestamp commit_at, std::optional<Timestamp> punctuation_at);
  /// How many records of one task may be processed before another task gets its turn. 0: the round ends.
  [[nodiscard]] int slice();
  /// `records` records of one task were processed, up to the time `now`. `commit_at`: the due time of the commit after
  /// them; a record may have begun a transaction. Returns how long the records took together. A record that takes a
  /// second soon gets a slice of its own: at the latest when it is processed again after a restart, because the slice
  /// has shrunk.
  Millis processed(int records, Timestamp now, Timestamp commit_at);
  /// The tasks have done other work, for example a punctuation.
  void worked() { found_work_ = true; }

  /// Whether work was done since the round began. If so, the next poll does not wait.
  [[nodiscard]] bool found_work() const { return found_work_; }
  /// All tasks have started again from their last commit.
  void restarted() { found_work_ = false; }

  /// Ends the present round, or else the next one. From any thread.
  void request_end() { end_requested_ = true; }

 private:
  /// Corrects the size of a slice from the time that the last one took.
  void adapt(int records, Millis took);

  Millis max_poll_interval_;
  Timestamp polled_at_ = 0;
  Timestamp now_ = 0;  ///< as the thread last reported
  /// The earliest end that does not change during the round.
  Timestamp round_end_ = 0;
  Timestamp commit_at_ = 0;
  int left_ = 0;   ///< records left of kRecordsPerRound
  int slice_ = 1;  ///< estimate of the records that take kSlice
  bool found_work_ = false;
  std::atomic<bool> end_requested_{false};
};

}  // namespace millrace::detail
