#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/punctuator.hpp"
#include "runtime/task/java_priority_queue.hpp"

namespace millrace::detail {

/// The punctuations of one task that follow one kind of time. Those that are due at the same time run in the order of
/// Java's priority queue. (Kafka Streams: `PunctuationQueue`, `PunctuationSchedule`.)
class Punctuations {
 public:
  /// `first`: the time from which the callback is due; one that a callback makes and that is due runs in the same pass.
  /// `now`: where `first` is before it, the first slot behind it is meant; nullopt: `first` as it is.
  Cancellable schedule(NodeBase& node, Timestamp first, std::int64_t interval_ms, Punctuator callback,
                       std::optional<Timestamp> now = std::nullopt);

  /// The first slot behind `now` on the grid of `interval_ms` through `start`. REQUIRES: start <= now.
  [[nodiscard]] static Timestamp next_slot(Timestamp start, std::int64_t interval_ms, Timestamp now) {
    return start + ((now - start) / interval_ms + 1) * interval_ms;
  }

  /// Runs each callback that is due at `now`, earliest first, at most once; the next slot lies behind `now` on its
  /// grid. `run` carries out one callback. Returns whether any ran. If `now` is before the last pass, somebody has set
  /// the clock back: the next slots are then the first ones behind `now`. (Kafka Streams waits until the clock has
  /// caught up.)
  bool run_due(Timestamp now, FunctionRef<void(NodeBase&, const Punctuator&)> run);

  /// When the next one is due; nullopt: nothing is scheduled.
  [[nodiscard]] std::optional<Timestamp> next_due() const;

 private:
  struct Schedule {
    NodeBase* node = nullptr;
    Timestamp due = kNoTimestamp;
    std::int64_t interval_ms = 0;
    Punctuator callback;
    std::shared_ptr<bool> cancelled;
    bool waits_for_start = false;  ///< for a time that the user has named
  };

  void follow_clock_back(Timestamp now);

  // With those that are cancelled, until they would be due: as in Java they take part in the order till then.
  JavaPriorityQueue<Schedule, &Schedule::due> schedules_;
  Timestamp last_pass_ = kNoTimestamp;
};

}  // namespace millrace::detail
