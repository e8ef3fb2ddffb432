#pragma once

#include <atomic>
#include <optional>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Where a stream thread stands with its group, and what becomes of the work in its hands. Knows nothing of consumers
/// and tasks: the thread tells it what has happened and asks it what holds. (Kafka Streams: `StreamThread.State`.)
///
///     starting
///        | subscribed
///        v          assigned                tasks_run(true)
///     joining ------------------> assigned <===============> running
///        ^ ^                       |  ^  |   tasks_run(false)   |
///        | |     partitions_lost   |  |  |  begin_hand_over     |
///        | +-----------------------+  |  +---------> handing_over
///        |                            |  committed     |
///        |                            +----------------+
///        |                            |                | the commit failed, exactly-once
///        | restarted (outside)        | restarted      v
///        +---------------------------------------------lost
///
/// The drawing leaves out four kinds of arrows. `running` goes wherever `assigned` goes. partitions_lost leads from
/// each state with tasks to `lost` if a transaction was open. restarted leads from `running` to `assigned`. close leads
/// from each state to `closed`, which is the last one. The table in membership.cpp is complete.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread alone; only state() may be called from any
/// thread.
class Membership {
 public:
  enum class State {
    starting,      ///< has not subscribed yet
    joining,       ///< outside of the group: the group has given no assignment
    assigned,      ///< has an assignment, perhaps an empty one; not all of its tasks run yet
    running,       ///< all tasks of the assignment run
    handing_over,  ///< the group takes partitions back; their work is being committed
    lost,          ///< partitions are gone while a transaction was open: the transaction must be given up
    closed,
  };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool lost() const { return state_ == State::lost; }
  [[nodiscard]] bool closed() const { return state_ == State::closed; }
  /// The group counts this member out, or has not let it in.
  [[nodiscard]] bool outside() const { return outside_since_.has_value(); }

  // --- What happens. A call that the present state does not allow throws a std::logic_error that names both states.

  /// Subscribed, for the first time or anew. A lost transaction stays lost.
  void subscribed(Timestamp now);
  /// The group has given an assignment. `more`: with partitions that the member did not have.
  void assigned(bool more);
  /// Whether all tasks run. Does not matter outside of the group.
  void tasks_run(bool all);
  void begin_hand_over();
  /// `work_lost`: the commit failed, and with it a transaction that spans all tasks of the thread.
  void end_hand_over(bool work_lost);
  /// The group has taken partitions away without asking. `work_lost`: a transaction was open.
  void partitions_lost(bool work_lost, Timestamp now);
  /// All tasks have gone back to their last commit, so that nothing is in hand any more.
  void restarted();
  void close();

  // --- A consumer that cannot reach its group waits silently, for as long as it takes.

  /// The member has been outside of the group for `patience`, and nobody has looked into that for as long.
  [[nodiscard]] bool needs_probe(Timestamp now, Millis patience) const;
  /// Somebody looks into that now.
  void probed(Timestamp now);

 private:
  void go(State next);

  std::atomic<State> state_{State::starting};
  std::optional<Timestamp> outside_since_;  ///< or since the last probe; unset: inside, or not subscribed yet
};

[[nodiscard]] std::string_view to_string(Membership::State state);

}  // namespace millrace::detail
