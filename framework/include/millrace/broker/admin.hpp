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

/// A topic to create.
struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  std::int16_t replication_factor = -1;        ///< -1: the broker's default
  std::map<std::string, std::string> configs;  ///< the topic's settings, by the broker's names for them
};

/// What a broker tells of a topic.
struct TopicDescription {
  std::string name;
  std::int32_t partitions = 0;
  bool internal = false;  ///< one of the broker's own, such as __consumer_offsets
};

/// Topics and offsets of a cluster. Thread-safe. (Kafka: `Admin`.)
class Admin {
 public:
  virtual ~Admin() = default;

  [[nodiscard]] virtual std::vector<TopicDescription> list_topics(Millis timeout) = 0;

  /// nullopt if there is no such topic.
  [[nodiscard]] virtual std::optional<TopicDescription> describe_topic(const std::string& name, Millis timeout) = 0;

  /// The topic's configuration, values as the broker prints them; only what differs from the broker's defaults
  /// unless `all`.
  [[nodiscard]] virtual std::map<std::string, std::string> topic_config(const std::string& name, bool all,
                                                                        Millis timeout) = 0;

  /// Returns false if the topic exists already (whatever its settings); throws on any other failure.
  /// After true, the topic can be written and read through any client of this broker; after false, it is known to them.
  virtual bool create_topic(const NewTopic& topic, Millis timeout) = 0;

  virtual void delete_topic(const std::string& name, Millis timeout) = 0;

  /// Deletes the records before the given offsets.
  virtual void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis timeout) = 0;

  [[nodiscard]] virtual Watermarks watermarks(const TopicPartition& partition, Millis timeout) = 0;

  /// All committed offsets of a group; empty for an unknown group.
  [[nodiscard]] virtual std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id,
                                                                                  Millis timeout) = 0;
};

}  // namespace millrace
