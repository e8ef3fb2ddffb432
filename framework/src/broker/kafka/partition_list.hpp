#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "broker/kafka/rdkafka_handles.hpp"
#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::kafka {

/// librdkafka's list of partitions, and what Millrace uses in its place.
[[nodiscard]] PartitionListPtr to_list(const std::vector<TopicPartition>& partitions);
[[nodiscard]] PartitionListPtr to_list(const std::map<TopicPartition, OffsetAndMetadata>& offsets);
[[nodiscard]] PartitionListPtr to_list(const TopicPartition& partition, std::int64_t offset);

[[nodiscard]] std::vector<TopicPartition> to_vector(const rd_kafka_topic_partition_list_t& list);

/// Committed offsets as a coordinator tells them.
struct CommittedOffsets {
  /// Partitions without one are absent.
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  /// What is wrong with one of the partitions.
  rd_kafka_resp_err_t problem = RD_KAFKA_RESP_ERR_NO_ERROR;
};
[[nodiscard]] CommittedOffsets to_committed(const rd_kafka_topic_partition_list_t& list);

}  // namespace millrace::detail::kafka
