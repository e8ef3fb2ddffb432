// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/partition_list.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace millrace::detail::kafka {
namespace {

PartitionListPtr new_list(std::size_t size) {
  return PartitionListPtr(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

rd_kafka_topic_partition_t* add(const PartitionListPtr& list, const TopicPartition& partition) {
  return rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
}

/// Copies the metadata with malloc(), because librdkafka frees it with free().
void set_metadata(rd_kafka_topic_partition_t& element, const std::string& metadata) {
  if (metadata.empty()) return;
  element.metadata = std::malloc(metadata.size());
  if (element.metadata == nullptr) throw std::bad_alloc();
  std::memcpy(element.metadata, metadata.data(), metadata.size());
  element.metadata_size = metadata.size();
}

/// Leader epochs need librdkafka 2.1; earlier versions do not store them in the list.
OffsetAndMetadata to_offset(const rd_kafka_topic_partition_t& element) {
  OffsetAndMetadata offset;
  offset.offset = element.offset;
  if (element.metadata != nullptr) {
    offset.metadata.assign(static_cast<const char*>(element.metadata), element.metadata_size);
  }
#if RD_KAFKA_VERSION >= 0x020100ff
  if (const auto epoch = rd_kafka_topic_partition_get_leader_epoch(&element); epoch >= 0) offset.leader_epoch = epoch;
#endif
  return offset;
}

}  // namespace

PartitionListPtr to_list(const std::vector<TopicPartition>& partitions) {
  auto list = new_list(partitions.size());
  for (const auto& partition : partitions) add(list, partition);
  return list;
}

PartitionListPtr to_list(const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  auto list = new_list(offsets.size());
  for (const auto& [partition, offset] : offsets) {
    auto* element = add(list, partition);
    element->offset = offset.offset;
    set_metadata(*element, offset.metadata);
#if RD_KAFKA_VERSION >= 0x020100ff
    if (offset.leader_epoch) rd_kafka_topic_partition_set_leader_epoch(element, *offset.leader_epoch);
#endif
  }
  return list;
}

PartitionListPtr to_list(const TopicPartition& partition, std::int64_t offset) {
  auto list = new_list(1);
  add(list, partition)->offset = offset;
  return list;
}

// librdkafka owns the names in the list, so they are copied.
std::vector<TopicPartition> to_vector(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> partitions;
  partitions.reserve(static_cast<std::size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) partitions.push_back({list.elems[i].topic, list.elems[i].partition});
  return partitions;
}

CommittedOffsets to_committed(const rd_kafka_topic_partition_list_t& list) {
  CommittedOffsets committed;
  for (int i = 0; i < list.cnt; ++i) {
    const auto& element = list.elems[i];
    // The other partitions are still read. The caller decides whether one error makes the whole answer useless.
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) committed.problem = element.err;
    // A negative offset (RD_KAFKA_OFFSET_INVALID) means that the group committed nothing for this partition.
    if (element.offset >= 0) committed.offsets[{element.topic, element.partition}] = to_offset(element);
  }
  return committed;
}

}  // namespace millrace::detail::kafka
