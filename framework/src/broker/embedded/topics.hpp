#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/embedded/partition_log.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/topic_settings.hpp"
#include "millrace/broker/admin.hpp"

namespace millrace::detail::embedded {

struct Topic {
  std::string name;
  std::uint32_t id = 0;
  std::map<std::string, std::string> configs;
  TopicSettings settings;
  std::vector<std::unique_ptr<PartitionLog>> partitions;
  std::atomic<bool> deleted{false};  ///< clients keep the object of a deleted topic for a while

  [[nodiscard]] std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions.size()); }
};

/// The topics of a broker. Guarded by the broker's mutex.
class Topics {
 public:
  explicit Topics(Storage& storage);

  /// nullptr if there is no such topic.
  [[nodiscard]] std::shared_ptr<Topic> find(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<Topic> find(std::uint32_t id) const;
  /// Throws BrokerException, saying what to do, if there is no such topic.
  [[nodiscard]] std::shared_ptr<Topic> get(std::string_view name) const;
  /// Throws BrokerException if there is no such partition.
  [[nodiscard]] PartitionLog& get(const TopicPartition& partition) const;
  [[nodiscard]] const std::map<std::string, std::shared_ptr<Topic>, std::less<>>& all() const { return topics_; }

  /// nullptr if the name is taken.
  std::shared_ptr<Topic> create(const NewTopic& wanted);
  /// Deletes the topic with all its records.
  void remove(const std::shared_ptr<Topic>& topic);

  /// A number that was never given out before.
  [[nodiscard]] std::uint64_t draw_id();

 private:
  Storage& storage_;
  std::uint64_t next_id_ = 1;
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> topics_;
};

}  // namespace millrace::detail::embedded
