// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// The state of a stream thread in its consumer group, and whether its uncommitted work is still valid. It knows
/// neither consumer nor tasks: the thread reports what has happened and asks for the state. (Kafka Streams:
/// `StreamThread.State`.)
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
/// The drawing leaves out four kinds of arrows:
///   - `running` has all arrows of `assigned`.
///   - partitions_lost leads from each state with tasks to `lost`, if a transaction was open.
///   - restarted leads from `running` to `assigned`.
///   - close leads from each state to `closed`, the final state.
/// The table in membership.cpp is complete.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread only, but any thread may call state().
class Membership {
 public:
  enum class State {
    starting,  ///< has not subscribed yet
    /// Outside of the group: it has not given this member an assignment.
    joining,
    /// Has an assignment, which may be empty. Not all of its tasks run yet.
    assigned,
    running,  ///< all tasks of the assignment run
    /// The group takes partitions away, and their work is being committed. Only inside a revocation.
    handing_over,
    /// Partitions were taken away while a transaction was open. The transaction must be aborted.
    lost,
    closed,
  };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool lost() const { return state_ == State::lost; }
  [[nodiscard]] bool closed() const { return state_ == State::closed; }
  /// The member is not in the group: it was removed, or it has not been let in yet.
  [[nodiscard]] bool outside() const { return outside_since_.has_value(); }

  // --- Events. An event that the present state does not allow throws a std::logic_error that names both states. It
  // would be a bug in StreamThread.

  /// The thread has subscribed, for the first time or again. `lost` stays `lost`.
  void subscribed(Timestamp now);
  /// The group has given an assignment. `more`: it contains partitions that the member did not have.
  void assigned(bool more);
  /// Whether all tasks run. Has no effect outside of the group.
  void tasks_run(bool all);
  /// The group takes partitions away, and a commit begins.
  void begin_hand_over();
  /// The commit has ended. `work_lost`: it failed, and with it the transaction of all tasks of the thread.
  void end_hand_over(bool work_lost);
  /// The group has already given partitions to another member. `work_lost`: a transaction was open.
  void partitions_lost(bool work_lost, Timestamp now);
  /// All tasks have gone back to their last commit. A transaction that was open is aborted.
  void restarted();
  /// The thread ends. May be called repeatedly.
  void close();

  // --- A consumer that cannot reach its group waits without an error, with no limit. So the thread must ask the broker
  // itself.

  /// Whether the thread should ask the coordinator: the member is outside of the group, and `interval` has passed since
  /// it left and since the last probe.
  [[nodiscard]] bool needs_probe(Timestamp now, Millis interval) const;
  /// The thread has asked the coordinator, and got no answer.
  void probed(Timestamp now);
  /// The coordinator has answered. So the coordinator works, and the group is only slow.
  void coordinator_answered(Timestamp now);
  /// How long the member has been outside of the group without an answer from the coordinator. 0 if it is inside.
  [[nodiscard]] Millis unanswered(Timestamp now) const;

 private:
  /// Changes the state. Throws std::logic_error if the table has no such transition.
  void go(State next);

  /// Atomic, because state() is called by other threads, for the state of the application and for metrics.
  std::atomic<State> state_{State::starting};
  /// When the member left the group, or when the coordinator last answered after that. Unset: the member is inside, or
  /// not subscribed yet.
  std::optional<Timestamp> outside_since_;
  /// When the last probe got no answer. Ignored if earlier than outside_since_.
  Timestamp probed_at_ = 0;
};

[[nodiscard]] std::string_view to_string(Membership::State state);

}  // namespace millrace::detail
