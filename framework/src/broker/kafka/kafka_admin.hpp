// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/kafka/coordinator_client.hpp"
#include "broker/kafka/kafka_client.hpp"
#include "millrace/broker/admin.hpp"

namespace millrace::detail::kafka {

/// Admin over librdkafka's admin requests. Thread-safe: each request has its own queue for the answer and waits for
/// that answer only.
class KafkaAdmin final : public Admin {
 public:
  KafkaAdmin(const std::string& address, const ClientConfig& common);

  std::vector<TopicDescription> list_topics(Millis timeout) override;
  std::optional<TopicDescription> describe_topic(const std::string& name, Millis timeout) override;
  std::map<std::string, std::string> topic_config(const std::string& name, bool all, Millis timeout) override;
  void alter_topic_config(const std::string& name, const std::map<std::string, std::optional<std::string>>& changes,
                          Millis timeout) override;
  bool create_topic(const NewTopic& topic, Millis timeout) override;
  void delete_topic(const std::string& name, Millis timeout) override;
  void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis timeout) override;
  Watermarks watermarks(const TopicPartition& partition, Millis timeout) override;
  std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id, Millis timeout) override;
  ConsumerGroupDescription describe_group(const std::string& group_id, Millis timeout) override;

 private:
  /// Waits until every partition of a new topic has a leader. Throws at the deadline.
  void wait_until_visible(const NewTopic& topic, Deadline deadline);
  /// Waits until the brokers do not report the topic any more, or until the deadline.
  void wait_until_gone(const std::string& name, Deadline deadline);
  /// Throws if a partition of these topics has no leader. `doing` names the action for the message.
  void require_leaders(const std::map<TopicPartition, std::int64_t>& partitions, Deadline deadline,
                       const std::string& doing);

  KafkaClient client_;
  CoordinatorClient coordinators_;  // for requests about groups
};

}  // namespace millrace::detail::kafka
