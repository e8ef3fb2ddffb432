// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/embedded/client_settings.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/topics.hpp"
#include "broker/embedded/waiter.hpp"
#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::embedded {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A consumer that has subscribed: a member of its group. Shared by EmbeddedConsumer and Groups. Guarded by the
/// broker's mutex, except `attention`.
struct Member {
  std::uint64_t id = 0;
  std::string client_id;            ///< for describe()
  std::vector<std::string> topics;  ///< names, and patterns that start with `^`
  bool range_assignor = false;
  Millis max_poll_interval{300000};
  Waiter* waiter = nullptr;  ///< wakes the consumer; not owned

  int generation = -1;              ///< the group's generation when this member last did a step
  int heard = -1;                   ///< the generation in which this member last did an `assign` step
  std::set<TopicPartition> owned;   ///< given to the listener and not yet taken back
  std::set<TopicPartition> target;  ///< what the member should own
  bool evicted = false;             ///< removed because it did not poll in time; `owned` is what it lost
  bool waiting = false;             ///< waits inside poll(), so it cannot miss its poll interval
  SteadyTime last_poll;
  std::atomic<bool> attention{true};  ///< next_step() may have work; the consumer reads the flag without the mutex
};

/// The next thing that a member does to follow its group.
struct RebalanceStep {
  enum class Kind { none, lost, revoke, assign } kind = Kind::none;
  std::vector<TopicPartition> partitions;
};

/// The embedded broker's content of ConsumerGroupMetadata. Shows that a commit comes from an up-to-date member.
struct MemberMetadata {
  std::uint64_t member_id = 0;
  int generation = -1;
};

/// Consumer groups: their members, who reads which partition, and the committed offsets. Guarded by the broker's mutex.
///
/// Rebalancing is cooperative and has no barrier. When members or topics change, each member gets a new target. In its
/// next poll(), a member first gives up the partitions that are not in its target, then takes those that nobody owns.
/// So only partitions that move are interrupted. A busy member delays only the members that wait for its partitions. A
/// member that does not poll for max.poll.interval.ms is removed from the group.
class Groups {
 public:
  /// Loads all committed offsets from disk. The arguments must outlive the object.
  Groups(Storage& storage, Topics& topics);

  /// Reads all committed offsets from disk again. If it throws, nothing has changed in memory. For a storage that is
  /// read only.
  void reload();

  /// Adds a member and rebalances the group. `waiter` must outlive the membership. Throws BrokerException (fatal) if a
  /// pattern in `topics` is not a valid regular expression.
  std::shared_ptr<Member> join(const std::string& group, std::vector<std::string> topics,
                               const ConsumerSettings& settings, Waiter& waiter, SteadyTime now);
  /// Replaces a member's subscription and rebalances the group.
  void change_topics(const std::string& group, Member& member, std::vector<std::string> topics);
  /// Removes a member and rebalances the group. Its partitions are free at once.
  void leave(const std::string& group, Member& member);

  /// The member's next step; `none` if the member is up to date. The member owns the partitions of `assign` at once. It
  /// owns the partitions of `revoke` until it calls revoked().
  [[nodiscard]] RebalanceStep next_step(const std::string& group, Member& member);
  /// The member has given up these partitions. Wakes the members that may wait for them.
  void revoked(const std::string& group, Member& member, const std::vector<TopicPartition>& partitions);

  /// Removes members that did not poll in time.
  void expire(SteadyTime now);
  /// Call this after a topic was created or deleted. Rebalances the groups that subscribe to the topic. Removes the
  /// committed offsets of a deleted topic.
  void topics_changed(const std::string& topic);

  /// The group's state and members, for Admin::describe_group().
  [[nodiscard]] ConsumerGroupDescription describe(const std::string& group) const;

  /// Throws BrokerException (fenced) if the caller may not commit. Allowed are members of the group, and, if the group
  /// has no members, everybody. Throws a retriable BrokerException for a member that has not followed the last
  /// rebalance. `member` is null for a consumer that did not subscribe.
  void check_commit(const std::string& group, const Member* member) const;
  /// Throws BrokerException (abortable) if the metadata belongs to a former member or to an earlier generation of the
  /// group. So every accepted commit comes from a member that knew all present members (docs/group-protocol.md). Null
  /// metadata (a bare group id) is always accepted.
  void check_metadata(const std::string& group, const MemberMetadata* metadata) const;

  /// Stores the offsets. Throws BrokerException (fatal) if a partition does not exist or the metadata is too long.
  void commit(const std::string& group, const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  /// All committed offsets of a group; empty for an unknown group.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> offsets(const std::string& group) const;
  /// One committed offset, or nullopt.
  [[nodiscard]] std::optional<OffsetAndMetadata> committed(const std::string& group,
                                                           const TopicPartition& partition) const;

  // Offsets inside transactions. They are invisible until the transaction commits.
  void add_pending(const std::string& group, ProducerId producer_id,
                   const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  /// True if an open transaction contains an offset of this partition.
  [[nodiscard]] bool is_pending(const std::string& group, const TopicPartition& partition) const;
  /// Adds the offsets that the transaction commits to `changes`.
  void stage_pending(ProducerId producer_id, Storage::Changes& changes) const;
  /// Forgets the pending offsets of a transaction after its end was written. With `commit`, they become the committed
  /// offsets. Wakes everybody who waits for the end of the transaction.
  void end_pending(ProducerId producer_id, bool commit);
  /// Notified by end_pending(). Wait on it with the broker's mutex.
  [[nodiscard]] std::condition_variable& pending_ended() { return pending_ended_; }

 private:
  struct Group {
    int generation = 0;
    std::map<std::uint64_t, std::shared_ptr<Member>> members;  ///< by id, which is the order in which they joined
    std::map<TopicPartition, OffsetAndMetadata> offsets;       ///< committed
    std::map<ProducerId, std::map<TopicPartition, OffsetAndMetadata>> pending;  ///< by producer id
  };

  /// Throws BrokerException (fatal) if a partition does not exist or its metadata is too long.
  void check_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets) const;
  /// Computes new targets for all members and starts a new generation.
  void rebalance(Group& group);
  /// The existing topics that match the member's subscription.
  [[nodiscard]] std::set<std::string> subscribed_topics(const Member& member) const;
  /// Tells all members that next_step() may have work for them.
  void call_all(Group& group);

  Storage& storage_;
  Topics& topics_;
  std::map<std::string, Group> groups_;
  std::uint64_t next_member_id_ = 1;
  std::condition_variable pending_ended_;
};

/// True if a subscription (a name, or a pattern that starts with `^`) matches this topic. Throws BrokerException
/// (fatal) if the pattern is not a valid POSIX extended regular expression.
[[nodiscard]] bool subscription_matches(const std::string& subscription, const std::string& topic);

}  // namespace millrace::detail::embedded
