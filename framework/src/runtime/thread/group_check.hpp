// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "runtime/thread/ownership.hpp"
#include "runtime/thread/patience.hpp"
#include "runtime/thread/thread_environment.hpp"

namespace millrace::detail {

/// Some members of the group, the strangers, do not follow the protocol of docs/group-protocol.md. Nothing may be
/// committed while they are in the group. The work since the last commit is discarded. The tasks start again when the
/// strangers have left.
class StrangersInGroup : public BrokerException {
 public:
  explicit StrangersInGroup(const std::string& what) : BrokerException(Severity::fenced, what) {}
};

/// Does the input and output for Ownership. Asks the coordinator for the members of the group, once in each generation
/// and about once a second while tasks wait. Logs why tasks wait. Asks for a new plan when another member shows a plan
/// that was not seen before.
///
/// Owned by the stream thread and used by it only.
class GroupCheck {
 public:
  /// The time between two descriptions while tasks wait.
  static constexpr Millis kLookAgain{1'000};

  GroupCheck(ThreadEnvironment& environment, std::string group_id, std::string thread_name);

  /// Sets the consumer and the fingerprint of its plan. Call this before the other functions. `consumer` must live
  /// until the next call of use() or until the object is destroyed.
  void use(const Consumer& consumer, std::uint64_t plan);
  /// The group may have rebalanced.
  void rebalanced();
  /// All tasks start again from their committed offsets.
  void forget();

  /// Describes the group if a description is due. Call this once per round. `waiting`: some tasks wait until other
  /// members have left. `running`: some tasks run. Throws StrangersInGroup if tasks run while strangers are in the
  /// group. After a retriable BrokerException the request is repeated in a later round. The exception is thrown if the
  /// coordinator has not answered for millrace.connect.timeout.ms. Other exceptions are thrown at once.
  void look(bool waiting, bool running);
  /// The membership to commit with. If the group has rebalanced, describes it first and repeats that for `patience`.
  /// Throws BrokerException if nothing may be committed.
  [[nodiscard]] ConsumerGroupMetadata for_commit(const Patience& patience);
  /// Whether the group has stayed in the generation that for_commit() returned. A commit outside of a transaction does
  /// not carry that generation. It carries the generation of the client at the moment of sending.
  [[nodiscard]] bool unmoved() const;

  /// Logs a warning if tasks have waited for some time. `waiting`: the waiting tasks with their inputs, as text.
  void report(const std::vector<std::string>& waiting);

  [[nodiscard]] const Ownership& ownership() const { return ownership_; }

 private:
  /// Asks the coordinator for the members, and tells Ownership. Throws BrokerException.
  void describe(Millis timeout);
  /// Called when the coordinator has not answered. Logs a warning from time to time. Throws `error` if the coordinator
  /// has not answered for give_up_after_.
  void unanswered(const BrokerException& error);
  void follow_other_plans();
  /// The message about members that do not follow the protocol.
  [[nodiscard]] std::string strangers() const;
  /// Ownership::others() as text, with client id and host.
  [[nodiscard]] std::string others() const;

  ThreadEnvironment& environment_;
  std::string group_id_;
  std::string thread_name_;
  Millis give_up_after_;  ///< millrace.connect.timeout.ms
  const Consumer* consumer_ = nullptr;
  Ownership ownership_{0};
  std::set<std::uint64_t> seen_plans_;  ///< fingerprints of other members; each leads to one request for a new plan
  // Clock::monotonic_ms().
  Timestamp next_look_ = 0;
  std::optional<Timestamp> unanswered_since_;  ///< unset: the coordinator answers
  std::optional<Timestamp> unanswered_warned_at_;
  std::optional<Timestamp> waiting_since_;
  std::optional<Timestamp> warned_at_;
};

}  // namespace millrace::detail
