// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"

namespace millrace::detail {

/// Decides whether a member of a consumer group may run a task, and whether it may commit. The decision depends on the
/// group's members, which the coordinator lists. The class does no input or output; GroupCheck does it.
/// docs/group-protocol.md explains the protocol and why it is correct.
///
/// Used by the stream thread only.
class Ownership {
 public:
  /// What this member knows about the group, from the last description.
  enum class Group {
    unknown,   ///< not described since the last rebalance
    alike,     ///< all members have this member's plan
    mixed,     ///< all members follow the protocol, and some have another plan
    stranger,  ///< some members do not follow the protocol
  };
  /// What a task does next, after its committed offsets were read.
  enum class Opening {
    run,    ///< the task may run
    claim,  ///< the task commits its claim, and then reads its offsets again
    wait,   ///< the task waits for the next description of the group
  };
  /// The answer to a commit.
  enum class Commit {
    go,        ///< commit with verified()
    describe,  ///< describe the group first
    outside,   ///< the group has removed this member; its tasks must start again, even if it has joined again
    refused,   ///< some members do not follow the protocol
  };

  /// `plan`: the fingerprint of this member's plan.
  explicit Ownership(std::uint64_t plan) : plan_(plan) {}

  // --- Events

  /// The coordinator has described the group. `at`: this member's membership right before the request. A description
  /// that does not contain this member leaves the group unknown.
  void described(const ConsumerGroupMetadata& at, const ConsumerGroupDescription& description);
  /// The group may have rebalanced.
  void rebalanced();
  /// All tasks start again from their committed offsets, or the thread has a new consumer. The verified membership no
  /// longer counts.
  void forget();

  // --- Decisions

  [[nodiscard]] Group group() const { return group_; }
  /// If the group is mixed: the members with another plan. If there are strangers: the strangers. Otherwise empty.
  [[nodiscard]] const std::vector<MemberDescription>& others() const { return others_; }

  /// What a task does next. `mine`: the committed offsets of all its inputs carry the task's claim. REQUIRES: these
  /// offsets were read after the last description.
  [[nodiscard]] Opening opening(bool mine) const;
  /// Whether this member may commit. `present`: its membership now.
  [[nodiscard]] Commit commit(const ConsumerGroupMetadata& present) const;
  /// The membership in the generation whose members were checked. A commit carries this membership and never a later
  /// one. Then the broker refuses the commit if the group has rebalanced since. REQUIRES: commit() has answered `go`.
  [[nodiscard]] const ConsumerGroupMetadata& verified() const { return *verified_; }

  /// A number that grows with each verified generation and with forget(). A result that was found under another number
  /// is out of date.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// The number of descriptions so far. opening() gives no new answer before the number changes.
  [[nodiscard]] std::uint64_t descriptions() const { return descriptions_; }

 private:
  std::uint64_t plan_;
  Group group_ = Group::unknown;
  std::vector<MemberDescription> others_;
  std::optional<ConsumerGroupMetadata> verified_;
  std::uint64_t epoch_ = 0;
  std::uint64_t descriptions_ = 0;
};

/// Whether both have the same member id and the same generation.
[[nodiscard]] bool same_generation(const ConsumerGroupMetadata& a, const ConsumerGroupMetadata& b);

}  // namespace millrace::detail
