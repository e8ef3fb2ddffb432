#pragma once

#include <atomic>
#include <optional>

#include "millrace/common/time.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// How many records a stream thread may process before something else is due: the next poll, a commit, a wall-clock
/// punctuation, the wish to close. Has no clock: the thread reads the time after each slice of records and tells it.
/// (Kafka Streams: the loop with `numIterations` in `StreamThread.runOnceWithoutProcessingThreads`.)
///
/// A round is what lies between two polls. It ends with the first of these:
///
///     kRecordsPerRound records       the buffers want to be filled again
///     kLongestRound                  tasks that restore and members that wait for a rebalance need the next poll
///     half of max.poll.interval.ms   the group throws out who does not poll
///     commit_at                      see Committer::due_at, which knows transaction.timeout.ms too
///     punctuation_at                 when the first punctuation of any task is due
///     request_end()                  the thread is to be closed
///
/// One slice is processed in each round, even if something is due at its start. So records go on however often commits
/// are due. Only request_end() prevents that slice.
///
/// A slice is at most kLargestSlice records, so that few records pass by before a sudden change of their cost is
/// seen, and fewer if they take longer than kSlice together. A clock is read in some 25 ns: with cheap records that is
/// below 1 ns for each.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread alone; only request_end() may be called from any
/// thread.
class RoundScheduler {
 public:
  static constexpr int kRecordsPerRound = 1000;
  static constexpr int kLargestSlice = 32;
  static constexpr Millis kSlice{5};
  static constexpr Millis kLongestRound{100};

  explicit RoundScheduler(Millis max_poll_interval) : max_poll_interval_(max_poll_interval) {}

  /// The consumer has just been polled.
  void polled(Timestamp now) { polled_at_ = now; }
  void begin(Timestamp now, Timestamp commit_at, std::optional<Timestamp> punctuation_at);
  /// How many records of one task may be processed before it is the next one's turn; 0: the round ends.
  [[nodiscard]] int slice();
  /// So many records of this task were processed. `commit_at`: as it is now.
  void processed(TaskId task, int records, Timestamp now, Timestamp commit_at);
  /// The tasks have done something else, a punctuation.
  void worked() { found_work_ = true; }

  /// Something was done since the round began: the next poll need not wait.
  [[nodiscard]] bool found_work() const { return found_work_; }
  /// All tasks start again from their last commit.
  void restarted() {
    found_work_ = false;
    slowest_.reset();
  }

  /// Ends the round that is under way, or else the next one. From any thread.
  void request_end() { end_requested_ = true; }

  struct SlowRecord {
    TaskId task;
    Millis took{0};
  };
  /// The record that took longest since the last commit or restart, of those that were a slice of their own. A record
  /// that is slow by a second is one, at the latest when it is processed again.
  [[nodiscard]] const std::optional<SlowRecord>& slowest() const { return slowest_; }
  void committed() { slowest_.reset(); }

 private:
  void adapt(int records, Millis took);

  Millis max_poll_interval_;
  Timestamp polled_at_ = 0;
  Timestamp now_ = 0;        ///< as the thread last told
  Timestamp round_end_ = 0;  ///< the first of the due times that stand fast while the round goes on
  Timestamp commit_at_ = 0;
  int left_ = 0;   ///< of kRecordsPerRound
  int slice_ = 1;  ///< what takes kSlice, as far as known
  bool found_work_ = false;
  std::optional<SlowRecord> slowest_;
  std::atomic<bool> end_requested_{false};
};

}  // namespace millrace::detail
