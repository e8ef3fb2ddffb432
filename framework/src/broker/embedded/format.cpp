// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/format.hpp"

#include "broker/embedded/wire.hpp"

namespace millrace::detail::embedded::format {
namespace {

using wire::Reader;
using wire::Writer;

/// Stored when a committed offset has no leader epoch.
constexpr std::uint32_t kNoEpoch = 0xffffffff;

/// The common front of keys that belong to one partition.
std::string partition_scoped(char kind, TopicId topic_id, PartitionId partition) {
  std::string key(1, kind);
  Writer(key).u32(topic_id.value()).u32(static_cast<std::uint32_t>(partition.value()));
  return key;
}

}  // namespace

// The positions here and the order of reads below are the drawing in format.hpp. Golden-byte tests compare both.
void write_batch_header(char* batch, const BatchHeader& header) {
  batch[0] = static_cast<char>(header.flags);
  wire::store_u32(batch + 1, header.records);
  wire::store_u32(batch + 5, header.last_offset_delta);
  wire::store_u64(batch + 9, static_cast<std::uint64_t>(header.base_timestamp));
  wire::store_u64(batch + 17, static_cast<std::uint64_t>(header.max_timestamp));
  wire::store_u64(batch + 25, header.producer_id.value());
  wire::store_u64(batch + 33, static_cast<std::uint64_t>(header.delete_horizon));
}

BatchHeader read_batch_header(std::string_view batch) {
  Reader in(batch, "a batch header");
  BatchHeader header;
  header.flags = in.u8();
  header.records = in.u32();
  header.last_offset_delta = in.u32();
  header.base_timestamp = static_cast<Timestamp>(in.u64());
  header.max_timestamp = static_cast<Timestamp>(in.u64());
  header.producer_id = ProducerId(in.u64());
  header.delete_horizon = static_cast<Timestamp>(in.u64());
  return header;
}

std::string version_key() { return "V"; }
std::string next_id_key() { return "N"; }
std::string topic_key(std::string_view name) { return "T" + std::string(name); }

std::string partition_key(TopicId topic_id, PartitionId partition) {
  return partition_scoped('P', topic_id, partition);
}

std::string aborted_prefix(TopicId topic_id, PartitionId partition) {
  return partition_scoped('A', topic_id, partition);
}

std::string aborted_key(TopicId topic_id, PartitionId partition, Offset last) {
  std::string key = aborted_prefix(topic_id, partition);
  Writer(key).u64(static_cast<std::uint64_t>(last.value()));
  return key;
}

std::string open_transaction_key(TopicId topic_id, PartitionId partition, ProducerId producer) {
  std::string key = partition_scoped('O', topic_id, partition);
  Writer(key).u64(producer.value());
  return key;
}

std::string group_offset_key(std::string_view group, const TopicPartition& partition) {
  std::string key = "G";
  Writer(key).string(group).string(partition.topic).u32(static_cast<std::uint32_t>(partition.partition));
  return key;
}

std::string batch_key(TopicId topic_id, PartitionId partition, Offset base_offset) {
  std::string key;
  // Built for every batch that is written or read, so without a second allocation.
  key.reserve(16);
  Writer(key)
      .u32(topic_id.value())
      .u32(static_cast<std::uint32_t>(partition.value()))
      .u64(static_cast<std::uint64_t>(base_offset.value()));
  return key;
}

std::string parse_topic_key(std::string_view key) { return std::string(key.substr(1)); }

// Only the last part of the key is needed: the caller asked for a partition and knows the rest.
Offset parse_aborted_key(std::string_view key) {
  Reader in(key, "the key of an aborted transaction");
  in.bytes(9);  // kind, topic id, partition
  return Offset(static_cast<std::int64_t>(in.u64()));
}

OpenTransactionKey parse_open_transaction_key(std::string_view key) {
  Reader in(key, "the key of an open transaction");
  in.u8();
  OpenTransactionKey parsed;
  parsed.topic_id = TopicId(in.u32());
  parsed.partition = PartitionId(static_cast<std::int32_t>(in.u32()));
  parsed.producer_id = ProducerId(in.u64());
  return parsed;
}

std::pair<std::string, TopicPartition> parse_group_offset_key(std::string_view key) {
  Reader in(key, "the key of a committed offset");
  in.u8();
  std::string group = in.string();
  TopicPartition partition;
  partition.topic = in.string();
  partition.partition = static_cast<std::int32_t>(in.u32());
  return {std::move(group), std::move(partition)};
}

BatchKey parse_batch_key(std::string_view key) {
  Reader in(key, "the key of a batch");
  BatchKey parsed;
  parsed.topic_id = TopicId(in.u32());
  parsed.partition = PartitionId(static_cast<std::int32_t>(in.u32()));
  parsed.base_offset = Offset(static_cast<std::int64_t>(in.u64()));
  return parsed;
}

std::string encode_u32(std::uint32_t value) {
  std::string out;
  Writer(out).u32(value);
  return out;
}

std::string encode_u64(std::uint64_t value) {
  std::string out;
  Writer(out).u64(value);
  return out;
}

std::uint32_t decode_u32(std::string_view bytes) { return Reader(bytes, "a number").u32(); }
std::uint64_t decode_u64(std::string_view bytes) { return Reader(bytes, "a number").u64(); }

// The configurations are in the order of the map, so equal topics have equal bytes.
std::string encode(const TopicEntry& entry) {
  std::string out;
  Writer writer(out);
  writer.u32(entry.id.value()).u32(entry.partitions).u32(static_cast<std::uint32_t>(entry.configs.size()));
  for (const auto& [name, value] : entry.configs) writer.string(name).string(value);
  return out;
}

TopicEntry decode_topic(std::string_view bytes) {
  Reader in(bytes, "a topic's description");
  TopicEntry entry;
  entry.id = TopicId(in.u32());
  entry.partitions = in.u32();
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    std::string name = in.string();
    entry.configs[std::move(name)] = in.string();
  }
  return entry;
}

std::string encode(const PartitionEntry& entry) {
  std::string out;
  Writer(out)
      .u64(static_cast<std::uint64_t>(entry.log_start.value()))
      .u64(static_cast<std::uint64_t>(entry.cleaned_to.value()))
      .u64(entry.clean_records);
  return out;
}

PartitionEntry decode_partition(std::string_view bytes) {
  Reader in(bytes, "a partition's description");
  PartitionEntry entry;
  entry.log_start = Offset(static_cast<std::int64_t>(in.u64()));
  entry.cleaned_to = Offset(static_cast<std::int64_t>(in.u64()));
  entry.clean_records = in.u64();
  return entry;
}

// The marker's offset (`last`) is not in the value, because it is part of the key.
std::string encode(const AbortedEntry& entry) {
  std::string out;
  Writer(out).u64(entry.producer_id.value()).u64(static_cast<std::uint64_t>(entry.first.value()));
  return out;
}

AbortedEntry decode_aborted(std::string_view key, std::string_view bytes) {
  Reader in(bytes, "an aborted transaction's entry");
  AbortedEntry entry;
  entry.producer_id = ProducerId(in.u64());
  entry.first = Offset(static_cast<std::int64_t>(in.u64()));
  entry.last = parse_aborted_key(key);
  return entry;
}

// Negative leader epochs do not occur, so the largest u32 is free to mean "none".
std::string encode(const OffsetAndMetadata& offset) {
  std::string out;
  Writer(out)
      .u64(static_cast<std::uint64_t>(offset.offset))
      .u32(offset.leader_epoch ? static_cast<std::uint32_t>(*offset.leader_epoch) : kNoEpoch)
      .string(offset.metadata);
  return out;
}

OffsetAndMetadata decode_group_offset(std::string_view bytes) {
  Reader in(bytes, "a committed offset");
  OffsetAndMetadata offset;
  offset.offset = static_cast<std::int64_t>(in.u64());
  if (const std::uint32_t epoch = in.u32(); epoch != kNoEpoch) offset.leader_epoch = static_cast<std::int32_t>(epoch);
  offset.metadata = in.string();
  return offset;
}

}  // namespace millrace::detail::embedded::format
