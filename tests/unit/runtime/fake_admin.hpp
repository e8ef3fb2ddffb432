// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/common/errors.hpp"

namespace millrace {

/// A cluster that consists only of its list of topics.
class FakeAdmin final : public Admin {
 public:
  FakeAdmin() = default;
  explicit FakeAdmin(const std::map<std::string, std::int32_t>& topics) {
    for (const auto& [name, partitions] : topics) topics_[name] = {name, partitions, -1, {}};
  }

  std::vector<TopicDescription> list_topics(Millis) override {
    std::vector<TopicDescription> all;
    for (const auto& [name, topic] : topics_) all.push_back({name, topic.partitions, name.starts_with("__")});
    return all;
  }
  std::optional<TopicDescription> describe_topic(const std::string& name, Millis) override {
    const auto found = topics_.find(name);
    if (found == topics_.end()) return std::nullopt;
    return TopicDescription{name, found->second.partitions, false};
  }
  std::map<std::string, std::string> topic_config(const std::string& name, bool, Millis) override {
    return topics_.at(name).configs;
  }
  void alter_topic_config(const std::string& name, const std::map<std::string, std::optional<std::string>>& changes,
                          Millis) override {
    for (const auto& [key, value] : changes) topics_.at(name).configs[key] = value.value_or("");
  }
  bool create_topic(const NewTopic& topic, Millis) override {
    const bool is_new = topics_.emplace(topic.name, topic).second;
    if (is_new) created.push_back(topic);
    return is_new;
  }
  void delete_topic(const std::string& name, Millis) override { topics_.erase(name); }
  void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis) override {
    deleted.push_back(before);
  }
  Watermarks watermarks(const TopicPartition& partition, Millis) override { return bounds[partition]; }
  std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id, Millis) override {
    const auto found = offsets.find(group_id);
    return found == offsets.end() ? std::map<TopicPartition, OffsetAndMetadata>() : found->second;
  }

  ConsumerGroupDescription describe_group(const std::string&, Millis) override {
    ++described;
    if (unreachable) throw BrokerException(BrokerException::Severity::retriable, "no coordinator");
    return group;
  }

  void set_partitions(const std::string& name, std::int32_t partitions) { topics_[name] = {name, partitions, -1, {}}; }

  ConsumerGroupDescription group;
  bool unreachable = false;  ///< true: the group's coordinator cannot be reached
  int described = 0;         ///< the number of calls to describe_group()
  std::map<TopicPartition, Watermarks> bounds;
  std::map<std::string, std::map<TopicPartition, OffsetAndMetadata>> offsets;  ///< by group
  std::vector<NewTopic> created;
  std::vector<std::map<TopicPartition, std::int64_t>> deleted;

 private:
  std::map<std::string, NewTopic> topics_;
};

}  // namespace millrace
