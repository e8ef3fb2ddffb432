// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/membership.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace millrace::detail {
namespace {

using State = Membership::State;

/// An allowed transition.
struct Move {
  State from;
  State to;

  bool operator==(const Move&) const = default;
};

/// All allowed transitions. A transition that is not listed is a bug, and go() reports it.
constexpr Move kMoves[] = {
    {State::starting, State::joining},       // subscribed
    {State::starting, State::closed},        //
    {State::joining, State::assigned},       // assigned
    {State::joining, State::lost},           // first a part of an assignment was lost, then the rest
    {State::joining, State::closed},         //
    {State::assigned, State::joining},       // lost without a transaction, or subscribed again
    {State::assigned, State::running},       // the last task runs
    {State::assigned, State::handing_over},  //
    {State::assigned, State::lost},          //
    {State::assigned, State::closed},        //
    {State::running, State::joining},        // as from assigned
    {State::running, State::assigned},       // more partitions, or all tasks start again
    {State::running, State::handing_over},   //
    {State::running, State::lost},           //
    {State::running, State::closed},         //
    {State::handing_over, State::assigned},  // committed
    {State::handing_over, State::lost},      // not committed, exactly-once
    {State::handing_over, State::closed},    // the failed commit has ended the thread
    {State::lost, State::joining},           // restarted, outside of the group
    {State::lost, State::assigned},          // restarted, inside of the group
    {State::lost, State::closed},            //
};

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::starting: return "starting";
    case State::joining: return "joining";
    case State::assigned: return "assigned";
    case State::running: return "running";
    case State::handing_over: return "handing over";
    case State::lost: return "lost";
    case State::closed: return "closed";
  }
  return "unknown";
}

void Membership::go(State next) {
  const State now = state_;
  if (std::ranges::find(kMoves, Move{now, next}) == std::end(kMoves)) {
    throw std::logic_error("internal error: a stream thread's membership cannot go from '" +
                           std::string(to_string(now)) + "' to '" + std::string(to_string(next)) + "'");
  }
  state_ = next;
}

void Membership::subscribed(Timestamp now) {
  // A subscription may be repeated while joining, for example after a new plan.
  if (state_ != State::joining && !lost()) go(State::joining);
  outside_since_ = now;
}

void Membership::assigned(bool more) {
  // A lost transaction stays lost: the new assignment takes effect after the restart. An assignment without new
  // partitions leaves a running member running.
  const bool stays = lost() || state_ == State::assigned || (state_ == State::running && !more);
  if (!stays) go(State::assigned);
  outside_since_.reset();
}

void Membership::tasks_run(bool all) {
  if (all && state_ == State::assigned) go(State::running);
  if (!all && state_ == State::running) go(State::assigned);
}

void Membership::begin_hand_over() { go(State::handing_over); }

void Membership::end_hand_over(bool work_lost) { go(work_lost ? State::lost : State::assigned); }

void Membership::partitions_lost(bool work_lost, Timestamp now) {
  if (work_lost && !lost()) go(State::lost);
  if (!work_lost && !lost() && state_ != State::joining) go(State::joining);
  // An earlier time stays, so that repeated losses do not delay the probe.
  if (!outside_since_) outside_since_ = now;
}

void Membership::restarted() {
  if (state_ == State::running) go(State::assigned);
  if (lost()) go(outside() ? State::joining : State::assigned);
}

void Membership::close() {
  if (!closed()) go(State::closed);
}

bool Membership::needs_probe(Timestamp now, Millis interval) const {
  return outside_since_ && now - std::max(*outside_since_, probed_at_) >= interval.count();
}

void Membership::probed(Timestamp now) { probed_at_ = now; }

void Membership::coordinator_answered(Timestamp now) {
  if (outside_since_) outside_since_ = now;
}

Millis Membership::unanswered(Timestamp now) const { return Millis(outside_since_ ? now - *outside_since_ : 0); }

}  // namespace millrace::detail
