// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// A topic to create. (Kafka: `NewTopic`.)
struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;                 ///< 1 or more; -1: the broker's default
  std::int16_t replication_factor = -1;        ///< -1: the broker's default
  std::map<std::string, std::string> configs;  ///< topic configuration under Kafka's names, e.g. cleanup.policy
};

/// What a broker reports about a topic. (Kafka: `TopicDescription`.)
struct TopicDescription {
  std::string name;
  std::int32_t partitions = 0;
  bool internal = false;  ///< a topic of the broker itself, for example __consumer_offsets
};

/// A member of a consumer group, as the group's coordinator knows it. (Kafka: `MemberDescription`.)
struct MemberDescription {
  std::string member_id;
  std::string client_id;  ///< the consumer's setting client.id
  std::string host;
  /// The partitions that the group has assigned to the member. They belong to subscribed topics only. Empty while the
  /// group rebalances.
  std::vector<TopicPartition> partitions;
};

/// A consumer group, as the group's coordinator knows it. (Kafka: `ConsumerGroupDescription`.)
struct ConsumerGroupDescription {
  /// Kafka's name: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty`, or `Dead` for an unknown group.
  std::string state;
  std::vector<MemberDescription> members;  ///< sorted by member id
};

/// Manages the topics and offsets of a cluster. (Kafka: `Admin`.)
///
/// Errors   every call throws BrokerException. Retriable errors are retried inside until `timeout`.
/// Threads  thread-safe
/// Timeout  The calls wait for Kafka. The embedded broker answers at once and ignores `timeout`.
class Admin {
 public:
  virtual ~Admin() = default;

  /// All topics, sorted by name.
  [[nodiscard]] virtual std::vector<TopicDescription> list_topics(Millis timeout) = 0;

  /// The topic, or nullopt if it does not exist.
  [[nodiscard]] virtual std::optional<TopicDescription> describe_topic(const std::string& name, Millis timeout) = 0;

  /// The topic's configuration, with the values as the broker prints them. `all` includes the broker's defaults;
  /// otherwise only values that were set for this topic.
  [[nodiscard]] virtual std::map<std::string, std::string> topic_config(const std::string& name, bool all,
                                                                        Millis timeout) = 0;

  /// Changes settings of a topic. `changes`: by the name of the setting. A value replaces the present value; nullopt
  /// resets the setting to the broker's default. All other settings keep their values.
  ///
  /// Throws BrokerException if the topic does not exist, or if a name or a value is wrong. Then no setting is changed.
  /// Two threads or programs must not change the same topic at the same time. (Kafka: `incrementalAlterConfigs`.)
  virtual void alter_topic_config(const std::string& name,
                                  const std::map<std::string, std::optional<std::string>>& changes, Millis timeout) = 0;

  /// Creates a topic. Returns false if the topic exists, whatever its configuration. Throws on any other failure. After
  /// true, every client of this broker can write and read the topic. After false, the brokers know the topic, but its
  /// partitions may still have no leader.
  virtual bool create_topic(const NewTopic& topic, Millis timeout) = 0;

  /// Deletes a topic with all its records. Throws if the topic does not exist.
  virtual void delete_topic(const std::string& name, Millis timeout) = 0;

  /// Deletes the records below the given offsets. The offsets are exclusive: the record at the offset stays.
  virtual void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis timeout) = 0;

  /// First and next offset of a partition. Open transactions do not lower the high watermark.
  [[nodiscard]] virtual Watermarks watermarks(const TopicPartition& partition, Millis timeout) = 0;

  /// All committed offsets of a group. Empty for an unknown group.
  [[nodiscard]] virtual std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id,
                                                                                  Millis timeout) = 0;

  /// The state and the present members of a group. A consumer is a member from the time when the coordinator accepts it
  /// until it leaves or is removed. It may be a member before it has an assignment. For an unknown group, the state is
  /// `Dead` and there are no members. (Kafka: `describeConsumerGroups`.)
  [[nodiscard]] virtual ConsumerGroupDescription describe_group(const std::string& group_id, Millis timeout) = 0;
};

}  // namespace millrace
