// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "broker/kafka/rdkafka_handles.hpp"
#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::kafka {

// Conversions between librdkafka's list of partitions and the types of Millrace.

/// A list without offsets.
[[nodiscard]] PartitionListPtr to_list(const std::vector<TopicPartition>& partitions);
/// A list with the offsets to commit, with their metadata and, from librdkafka 2.1, their leader epochs.
[[nodiscard]] PartitionListPtr to_list(const std::map<TopicPartition, OffsetAndMetadata>& offsets);
/// A list of one partition. `offset` may also be a time stamp, as rd_kafka_offsets_for_times() wants it.
[[nodiscard]] PartitionListPtr to_list(const TopicPartition& partition, std::int64_t offset);

/// The partitions of a list, without offsets.
[[nodiscard]] std::vector<TopicPartition> to_vector(const rd_kafka_topic_partition_list_t& list);

/// The committed offsets of a group, as a coordinator reports them.
struct CommittedOffsets {
  /// Partitions without a committed offset are absent.
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  /// The error of one of the partitions (the last one), or no error.
  rd_kafka_resp_err_t problem = RD_KAFKA_RESP_ERR_NO_ERROR;
};
[[nodiscard]] CommittedOffsets to_committed(const rd_kafka_topic_partition_list_t& list);

}  // namespace millrace::detail::kafka
