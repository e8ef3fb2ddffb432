// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/embedded_admin.hpp"

#include "millrace/common/errors.hpp"

namespace millrace::detail::embedded {

std::vector<TopicDescription> EmbeddedAdmin::list_topics(Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  std::vector<TopicDescription> topics;
  for (const auto& [name, topic] : core_->topics.all()) topics.push_back({name, topic->partition_count(), false});
  return topics;
}

std::optional<TopicDescription> EmbeddedAdmin::describe_topic(const std::string& name, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  const auto topic = core_->topics.find(name);
  if (!topic) return std::nullopt;
  return TopicDescription{name, topic->partition_count(), false};
}

std::map<std::string, std::string> EmbeddedAdmin::topic_config(const std::string& name, bool all, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  std::map<std::string, std::string> configs = core_->topics.get(name)->configs;
  // insert() keeps existing entries, so the topic's own values win over the defaults.
  if (all) configs.insert(TopicSettings::defaults().begin(), TopicSettings::defaults().end());
  return configs;
}

void EmbeddedAdmin::alter_topic_config(const std::string& name,
                                       const std::map<std::string, std::optional<std::string>>& changes,
                                       Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  core_->topics.alter(*core_->topics.get(name), changes);
}

bool EmbeddedAdmin::create_topic(const NewTopic& topic, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  if (!core_->topics.create(topic)) return false;
  // Groups that subscribe to this name, or to a matching pattern, get the new partitions.
  core_->groups.topics_changed(topic.name);
  return true;
}

void EmbeddedAdmin::delete_topic(const std::string& name, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  const auto topic = core_->topics.get(name);
  // The order matters: the topic first, then everything that refers to its partitions.
  core_->topics.remove(topic);
  core_->transactions.forget(*topic);
  for (const auto& log : topic->partitions) {
    core_->tail.remove(*log);
    // A consumer that waits for records of this topic must learn that the topic is gone.
    for (Waiter* waiter : log->waiters) waiter->signal();
  }
  core_->groups.topics_changed(name);
}

void EmbeddedAdmin::delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  // Check everything first, so that a wrong offset deletes nothing. -1 means the end of the log, as in Kafka.
  for (const auto& [partition, offset] : before) {
    const PartitionLog& log = core_->topics.get(partition);
    if (offset < -1 || Offset(offset) > log.next) {
      throw BrokerException(BrokerException::Severity::fatal,
                            partition.str() + ": cannot delete the records before offset " + std::to_string(offset) +
                                ", the log ends at " + to_string(log.next));
    }
  }
  for (const auto& [partition, offset] : before) {
    PartitionLog& log = core_->topics.get(partition);
    core_->cleaner.delete_before(log, offset == -1 ? log.next : Offset(offset));
  }
}

Watermarks EmbeddedAdmin::watermarks(const TopicPartition& partition, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  const PartitionLog& log = core_->topics.get(partition);
  // The end of the log, including open transactions.
  return {log.entry.log_start.value(), log.next.value()};
}

std::map<TopicPartition, OffsetAndMetadata> EmbeddedAdmin::group_offsets(const std::string& group_id,
                                                                         Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  return core_->groups.offsets(group_id);
}

ConsumerGroupDescription EmbeddedAdmin::describe_group(const std::string& group_id, Millis /*timeout*/) {
  const std::lock_guard lock(core_->mutex);
  return core_->groups.describe(group_id);
}

}  // namespace millrace::detail::embedded
