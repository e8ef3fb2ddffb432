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

#include "broker/embedded/storage.hpp"
#include "broker/embedded/topics.hpp"
#include "broker/embedded/waiter.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::embedded {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A consumer that subscribed.
struct Member {
  std::uint64_t id = 0;
  std::vector<std::string> topics;  ///< names and `^` patterns
  bool range_assignor = false;
  Millis max_poll_interval{300000};
  Waiter* waiter = nullptr;

  int generation = -1;              ///< of the group, as this member last heard it
  std::set<TopicPartition> owned;   ///< given to the listener and not taken back yet
  std::set<TopicPartition> target;  ///< what it shall own
  bool evicted = false;             ///< did not poll in time; `owned` is what it lost
  bool waiting = false;             ///< inside poll(), waiting
  SteadyTime last_poll;
  std::atomic<bool> attention{true};  ///< next_step() has something to say; read without the mutex
};

/// What a member does next to follow its group.
struct RebalanceStep {
  enum class Kind { none, lost, revoke, assign } kind = Kind::none;
  std::vector<TopicPartition> partitions;
};

/// Proves membership: what ConsumerGroupMetadata carries of the embedded broker.
struct MemberMetadata {
  std::uint64_t member_id = 0;
  int generation = -1;
};

/// Consumer groups: who reads what, and the committed offsets. Guarded by the broker's mutex.
///
/// Cooperative without a barrier: a change of members or topics gives each member a new target. In its next poll() a
/// member gives up what it shall not have, then takes what is free. So only what moves is disturbed, and a member
/// that is busy delays nobody but who waits for its partitions. A member that does not poll for
/// max.poll.interval.ms is put out.
class Groups {
 public:
  Groups(Storage& storage, Topics& topics);

  std::shared_ptr<Member> join(const std::string& group, std::vector<std::string> topics, bool range_assignor,
                               Millis max_poll_interval, Waiter& waiter, SteadyTime now);
  void change_topics(const std::string& group, Member& member, std::vector<std::string> topics);
  void leave(const std::string& group, Member& member);

  /// The next thing that the member has to do, kNone if it is up to date. Partitions of `assign` are its own at once,
  /// those of `revoke` until revoked() is called.
  [[nodiscard]] RebalanceStep next_step(const std::string& group, Member& member);
  void revoked(const std::string& group, Member& member, const std::vector<TopicPartition>& partitions);

  /// Puts out members that did not poll in time.
  void expire(SteadyTime now);
  /// To be called after a topic was created or deleted.
  void topics_changed(const std::string& topic);

  /// Throws BrokerException (fenced) unless the member, or a program outside a group without members, may commit.
  void check_commit(const std::string& group, const Member* member) const;
  /// Throws BrokerException (abortable) if the metadata is of a member that is gone or not up to date.
  void check_metadata(const std::string& group, const MemberMetadata* metadata) const;

  void commit(const std::string& group, const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> offsets(const std::string& group) const;
  [[nodiscard]] std::optional<OffsetAndMetadata> committed(const std::string& group,
                                                           const TopicPartition& partition) const;

  // Offsets inside transactions: invisible until the transaction commits.
  void add_pending(const std::string& group, std::uint64_t producer_id,
                   const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  [[nodiscard]] bool is_pending(const std::string& group, const TopicPartition& partition) const;
  /// Adds what a transaction commits to `changes`.
  void stage_pending(std::uint64_t producer_id, Storage::Changes& changes) const;
  /// Ends it; with `commit` the offsets become the groups' own. Wakes who waits for that.
  void end_pending(std::uint64_t producer_id, bool commit);
  /// Waits on this for end_pending().
  [[nodiscard]] std::condition_variable& pending_ended() { return pending_ended_; }

 private:
  struct Group {
    int generation = 0;
    std::map<std::uint64_t, std::shared_ptr<Member>> members;  ///< in the order in which they joined
    std::map<TopicPartition, OffsetAndMetadata> offsets;
    std::map<std::uint64_t, std::map<TopicPartition, OffsetAndMetadata>> pending;  ///< by producer id
  };

  /// Throws BrokerException if a partition does not exist or its metadata is too long.
  void check_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets) const;
  void rebalance(Group& group);
  [[nodiscard]] std::set<std::string> subscribed_topics(const Member& member) const;
  void call_all(Group& group);

  Storage& storage_;
  Topics& topics_;
  std::map<std::string, Group> groups_;
  std::uint64_t next_member_id_ = 1;
  std::condition_variable pending_ended_;
};

/// Whether a subscription (a name, or a pattern that starts with `^`) means this topic.
[[nodiscard]] bool subscription_matches(const std::string& subscription, const std::string& topic);

}  // namespace millrace::detail::embedded
