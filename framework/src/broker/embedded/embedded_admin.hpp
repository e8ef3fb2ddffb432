// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "broker/embedded/core.hpp"
#include "millrace/broker/admin.hpp"

namespace millrace::detail::embedded {

/// Admin of the embedded broker. Thread-safe: each call holds the broker's mutex. Timeouts are ignored, because no call
/// waits for anything else.
class EmbeddedAdmin final : public Admin {
 public:
  explicit EmbeddedAdmin(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  [[nodiscard]] std::vector<TopicDescription> list_topics(Millis timeout) override;
  [[nodiscard]] std::optional<TopicDescription> describe_topic(const std::string& name, Millis timeout) override;
  [[nodiscard]] std::map<std::string, std::string> topic_config(const std::string& name, bool all,
                                                                Millis timeout) override;
  void alter_topic_config(const std::string& name, const std::map<std::string, std::optional<std::string>>& changes,
                          Millis timeout) override;
  bool create_topic(const NewTopic& topic, Millis timeout) override;
  void delete_topic(const std::string& name, Millis timeout) override;
  void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis timeout) override;
  [[nodiscard]] Watermarks watermarks(const TopicPartition& partition, Millis timeout) override;
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id,
                                                                          Millis timeout) override;
  [[nodiscard]] ConsumerGroupDescription describe_group(const std::string& group_id, Millis timeout) override;

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace millrace::detail::embedded
