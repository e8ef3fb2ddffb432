// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_admin.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/partition_list.hpp"

namespace millrace::detail::kafka {
namespace {

/// The pause between two checks of the metadata.
constexpr Millis kMetadataPause{20};

// Several clients are made with the same settings, see CoordinatorClient.
PreparedConfig admin_config(const std::string& address, const ClientConfig& common, const ClientConfig& more = {}) {
  return prepare_config(ClientKind::admin, address, common, more);
}
void no_callbacks(rd_kafka_conf_t* /*conf*/) {}

/// Kafka's metadata answer has this flag, but librdkafka's copy of the answer does not.
bool is_internal(std::string_view topic) { return topic == "__consumer_offsets" || topic == "__transaction_state"; }

TopicDescription to_description(const rd_kafka_metadata_topic_t& topic) {
  return {topic.topic, topic.partition_cnt, is_internal(topic.topic)};
}

/// Only a partition with a leader can be read and written.
bool has_all_leaders(const rd_kafka_metadata_topic_t& topic) {
  return topic.partition_cnt > 0 && std::all_of(topic.partitions, topic.partitions + topic.partition_cnt,
                                                [](const auto& partition) { return partition.leader >= 0; });
}

/// The time that is left, at least 1 ms, so that the last attempt is still made.
Millis left(const Deadline& deadline) { return Millis(std::max(1, deadline.left_ms())); }

/// Returns when `done()` is true, or at the deadline.
template <class Done>
void wait_until(const Deadline& deadline, const Done& done) {
  while (!deadline.passed() && !done()) std::this_thread::sleep_for(kMetadataPause);
}

/// The error code of the only topic in an answer. `text` gets librdkafka's message.
rd_kafka_resp_err_t single_result(const rd_kafka_topic_result_t* const* topics, std::size_t count, std::string& text) {
  if (count != 1) return RD_KAFKA_RESP_ERR__FAIL;
  if (const char* message = rd_kafka_topic_result_error_string(topics[0])) text = message;
  return rd_kafka_topic_result_error(topics[0]);
}

}  // namespace

KafkaAdmin::KafkaAdmin(const std::string& address, const ClientConfig& common)
    : client_(ClientKind::admin, address, admin_config(address, common), no_callbacks),
      coordinators_([address, common](const ClientConfig& more) {
        return std::make_unique<KafkaClient>(ClientKind::admin, address, admin_config(address, common, more),
                                             no_callbacks);
      }) {}

std::vector<TopicDescription> KafkaAdmin::list_topics(Millis timeout) {
  const auto metadata = client_.metadata(nullptr, Deadline(timeout), "listing the topics");
  std::vector<TopicDescription> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    if (metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) topics.push_back(to_description(metadata->topics[i]));
  }
  // Kafka does not promise an order.
  std::sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return topics;
}

std::optional<TopicDescription> KafkaAdmin::describe_topic(const std::string& name, Millis timeout) {
  const auto doing = "looking up topic '" + name + "'";
  const Deadline deadline(timeout);
  for (;;) {
    const auto metadata = client_.metadata(name.c_str(), deadline, doing);
    const auto code = metadata->topic_cnt > 0 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    switch (code) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: return to_description(metadata->topics[0]);
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return std::nullopt;  // TOPIC_EXCEPTION: no topic can have such a name
      default: break;
    }
    if (!worth_another_try(code) || deadline.passed()) client_.fail(code, doing);
    std::this_thread::sleep_for(kMetadataPause);
  }
}

std::map<std::string, std::string> KafkaAdmin::topic_config(const std::string& name, bool all, Millis timeout) {
  const auto doing = "reading the settings of topic '" + name + "'";
  const auto event = client_.admin_request(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, Deadline(timeout), doing,
                                           [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
                                             auto* resource =
                                                 rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str());
                                             rd_kafka_DescribeConfigs(client_.handle(), &resource, 1, options, answers);
                                             rd_kafka_ConfigResource_destroy(resource);
                                           });
  std::size_t count = 0;
  const auto* resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1) client_.fail(RD_KAFKA_RESP_ERR__FAIL, doing);
  if (const auto code = rd_kafka_ConfigResource_error(resources[0])) {
    const char* text = rd_kafka_ConfigResource_error_string(resources[0]);
    client_.fail(code, doing, text != nullptr ? text : "");
  }
  const auto* entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  std::map<std::string, std::string> settings;
  for (std::size_t i = 0; i < count; ++i) {
    // Keeps only values that were set for this topic. Broker-wide settings and defaults have other sources.
    const bool own = rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr && (all || own)) settings[rd_kafka_ConfigEntry_name(entries[i])] = value;
  }
  return settings;
}

/// librdkafka 2.0.2 can only replace all settings of a topic at once (AlterConfigs). So the settings that the topic has
/// already are sent again.
void KafkaAdmin::alter_topic_config(const std::string& name,
                                    const std::map<std::string, std::optional<std::string>>& changes, Millis timeout) {
  const auto doing = "changing the settings of topic '" + name + "'";
  const Deadline deadline(timeout);
  auto settings = topic_config(name, /*all=*/false, timeout);
  for (const auto& [key, value] : changes) {
    if (value) {
      settings.insert_or_assign(key, *value);
    } else {
      settings.erase(key);
    }
  }
  const auto event =
      client_.admin_request(RD_KAFKA_ADMIN_OP_ALTERCONFIGS, deadline, doing,
                            [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
                              auto* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str());
                              for (const auto& [key, value] : settings) {
                                // Fails only for a null name.
                                (void)rd_kafka_ConfigResource_set_config(resource, key.c_str(), value.c_str());
                              }
                              rd_kafka_AlterConfigs(client_.handle(), &resource, 1, options, answers);
                              rd_kafka_ConfigResource_destroy(resource);
                            });
  std::size_t count = 0;
  const auto* resources =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  if (count != 1) client_.fail(RD_KAFKA_RESP_ERR__FAIL, doing);
  if (const auto code = rd_kafka_ConfigResource_error(resources[0])) {
    const char* text = rd_kafka_ConfigResource_error_string(resources[0]);
    client_.fail(code, doing, text != nullptr ? text : "");
  }
  // Other brokers learn of the change a moment later. The call returns when the asked broker shows the new settings.
  wait_until(deadline, [&] { return topic_config(name, /*all=*/false, left(deadline)) == settings; });
}

bool KafkaAdmin::create_topic(const NewTopic& topic, Millis timeout) {
  const auto doing = "creating topic '" + topic.name + "'";
  const Deadline deadline(timeout);
  for (;;) {
    char reason[512] = "";
    auto* request =
        rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication_factor, reason, sizeof reason);
    if (request == nullptr) client_.fail(RD_KAFKA_RESP_ERR__INVALID_ARG, doing, reason);
    for (const auto& [key, value] : topic.configs) {
      const auto code = rd_kafka_NewTopic_set_config(request, key.c_str(), value.c_str());
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_NewTopic_destroy(request);
        client_.fail(code, doing, key);
      }
    }
    const auto event = client_.admin_request(RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline, doing,
                                             [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
                                               rd_kafka_CreateTopics(client_.handle(), &request, 1, options, answers);
                                               // librdkafka has copied the request.
                                               rd_kafka_NewTopic_destroy(request);
                                             });
    std::size_t count = 0;
    std::string text;
    const auto* topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    const auto code = single_result(topics, count, text);
    // The controller has created the topic, but other brokers may not know it yet.
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      // The client that created the topic may not have got so far yet. Wait until the topic is known.
      wait_until(deadline, [&] { return describe_topic(topic.name, left(deadline)).has_value(); });
      return false;
    }
    if (!worth_another_try(code) || deadline.passed()) client_.fail(code, doing, text);
    std::this_thread::sleep_for(kMetadataPause);
  }
  wait_until_visible(topic, deadline);
  return true;
}

void KafkaAdmin::wait_until_visible(const NewTopic& topic, Deadline deadline) {
  const auto doing = "waiting for the new topic '" + topic.name + "'";
  for (;;) {
    const auto metadata = client_.metadata(topic.name.c_str(), deadline, doing);
    if (metadata->topic_cnt > 0 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        has_all_leaders(metadata->topics[0])) {
      return;
    }
    if (deadline.passed()) client_.fail(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, doing);
    std::this_thread::sleep_for(kMetadataPause);
  }
}

void KafkaAdmin::delete_topic(const std::string& name, Millis timeout) {
  const auto doing = "deleting topic '" + name + "'";
  const Deadline deadline(timeout);
  const auto event = client_.admin_request(RD_KAFKA_ADMIN_OP_DELETETOPICS, deadline, doing,
                                           [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
                                             auto* request = rd_kafka_DeleteTopic_new(name.c_str());
                                             rd_kafka_DeleteTopics(client_.handle(), &request, 1, options, answers);
                                             rd_kafka_DeleteTopic_destroy(request);
                                           });
  std::size_t count = 0;
  std::string text;
  const auto* topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  const auto code = single_result(topics, count, text);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) client_.fail(code, doing, text);
  wait_until_gone(name, deadline);
}

void KafkaAdmin::wait_until_gone(const std::string& name, Deadline deadline) {
  wait_until(deadline, [&] { return !describe_topic(name, left(deadline)).has_value(); });
}

/// Works around a fault of librdkafka 2.0.2: the process aborts if librdkafka has to wait for the leader of a partition
/// whose records are to be deleted.
void KafkaAdmin::require_leaders(const std::map<TopicPartition, std::int64_t>& partitions, Deadline deadline,
                                 const std::string& doing) {
  std::set<std::string> topics;
  for (const auto& [partition, offset] : partitions) topics.insert(partition.topic);
  for (const std::string& topic : topics) {
    const auto metadata = client_.metadata(topic.c_str(), deadline, doing);
    const auto code = metadata->topic_cnt > 0 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) client_.fail(code, doing + " of topic '" + topic + "'");
    if (!has_all_leaders(metadata->topics[0])) {
      client_.fail(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, doing + " of topic '" + topic + "'");
    }
  }
}

void KafkaAdmin::delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis timeout) {
  if (before.empty()) return;
  const std::string doing = "deleting records";
  // Only after this check it is safe to send the request.
  require_leaders(before, Deadline(timeout), doing);
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  for (const auto& [partition, offset] : before) offsets[partition].offset = offset;
  const auto list = to_list(offsets);
  const auto event = client_.admin_request(RD_KAFKA_ADMIN_OP_DELETERECORDS, Deadline(timeout), doing,
                                           [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
                                             auto* request = rd_kafka_DeleteRecords_new(list.get());
                                             rd_kafka_DeleteRecords(client_.handle(), &request, 1, options, answers);
                                             rd_kafka_DeleteRecords_destroy(request);
                                           });
  const auto* result = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  // Each partition has its own result. The first failure is thrown.
  for (int i = 0; result != nullptr && i < result->cnt; ++i) {
    const auto& element = result->elems[i];
    if (element.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    client_.fail(element.err, doing + " of " + TopicPartition{element.topic, element.partition}.str());
  }
}

Watermarks KafkaAdmin::watermarks(const TopicPartition& partition, Millis timeout) {
  return client_.watermarks(partition, timeout);
}

std::map<TopicPartition, OffsetAndMetadata> KafkaAdmin::group_offsets(const std::string& group_id, Millis timeout) {
  return coordinators_.committed(group_id, timeout);
}

ConsumerGroupDescription KafkaAdmin::describe_group(const std::string& group_id, Millis timeout) {
  return coordinators_.describe(group_id, timeout);
}

}  // namespace millrace::detail::kafka
