// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/detail/strong.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail::embedded {

/// Never given to another topic of the same directory.
using TopicId = Strong<struct TopicIdTag, std::uint32_t>;

/// One incarnation of a transactional producer. 0: the records belong to no transaction.
using ProducerId = Strong<struct ProducerIdTag, std::uint64_t>;

/// The offsets of [from, to).
struct OffsetRange {
  Offset from;
  Offset to;
};

}  // namespace millrace::detail::embedded

/// The bytes that the embedded broker writes to disk. Reader and writer share this header. Golden-byte tests
/// (tests/unit/broker) fail when the layout changes. A change of the layout requires a higher kFormatVersion.
///
/// Notation. Integers are big-endian. `string` is a u32 length and the bytes. `varint` is LEB128. `zigzag` is a varint
/// of (n << 1) ^ (n >> 63).
///
/// RocksDB column family "default": bookkeeping. The first byte of a key is the kind of the entry:
///
///   'V'                                              u32 kFormatVersion
///   'N'                                              u64 next id (for topics and producers)
///   'T' name (rest of the key)                       u32 topic id, u32 partitions, u32 n, n x (string, string) configs
///   'P' u32 topic id, u32 partition                  u64 log start offset, u64 end of the compacted part (exclusive),
///                                                    u64 records in the compacted part
///   'A' u32 topic id, u32 partition, u64 last        u64 producer id, u64 first: offsets of an aborted transaction
///   'O' u32 topic id, u32 partition, u64 producer id u64 first offset: a transaction that has not ended
///   'G' string group, string topic, u32 partition    u64 offset, u32 leader epoch (2^32-1: none), string metadata
///
/// Column family "log": batches of records.
///
///   u32 topic id, u32 partition, u64 base offset     batch
///
/// A batch:
///
///    0  u8   flags (kTransactional...)
///    1  u32  number of records
///    5  u32  last offset - base offset; after compaction this may exceed the number of records - 1
///    9  u64  base timestamp, ms since the epoch
///   17  u64  largest timestamp
///   25  u64  producer id, 0 if not transactional
///   33  u64  delete horizon: time from which compaction may remove the batch's tombstones; 0: not compacted yet
///   41  records, one after another:
///         varint offset - base offset, zigzag timestamp - base timestamp,
///         varint 1 + key length (0: null), key, varint 1 + value length (0: null), value,
///         varint number of headers, each: varint length, key, varint 1 + length (0: null), value
///
/// Big-endian keys make RocksDB sort the batches of one partition by offset. The key contains the topic's id and not
/// its name. So a topic that is created again under an old name never sees old records.
namespace millrace::detail::embedded::format {

/// Version of the layout, stored in each directory. A program refuses directories of another version.
inline constexpr std::uint32_t kFormatVersion = 1;

/// Behind every batch of a partition.
inline constexpr Offset kEndOfLog{INT64_MAX};

/// Size of the batch header: where the first record begins.
inline constexpr std::size_t kBatchHeaderBytes = 41;

/// Batch flags. Persisted: never change a value.
enum Flags : std::uint8_t {
  kTransactional = 1,  ///< belongs to the transaction of `producer id`
  kControl = 2,        ///< contains no records; takes one offset and marks the end of a transaction
  kCommit = 4,         ///< with kControl: the transaction was committed; without this flag: aborted
  kLogAppendTime = 8,  ///< every record has the largest timestamp of the batch instead of its own
};

/// The header of a batch, decoded. Timestamps are ms since the epoch.
struct BatchHeader {
  std::uint8_t flags = 0;
  std::uint32_t records = 0;
  std::uint32_t last_offset_delta = 0;
  Timestamp base_timestamp = 0;
  Timestamp max_timestamp = kNoTimestamp;
  ProducerId producer_id;
  Timestamp delete_horizon = 0;

  bool operator==(const BatchHeader&) const = default;
};

/// Overwrites the first kBatchHeaderBytes of `batch`.
void write_batch_header(char* batch, const BatchHeader& header);
/// Throws BrokerException (fatal) if `batch` is shorter than a header.
[[nodiscard]] BatchHeader read_batch_header(std::string_view batch);

/// Value of a 'T' entry.
struct TopicEntry {
  TopicId id;
  std::uint32_t partitions = 0;
  std::map<std::string, std::string> configs;
  bool operator==(const TopicEntry&) const = default;
};

/// Value of a 'P' entry.
struct PartitionEntry {
  Offset log_start;                 ///< first offset that readers may see
  Offset cleaned_to;                ///< end of the compacted part, exclusive
  std::uint64_t clean_records = 0;  ///< records in the compacted part
  bool operator==(const PartitionEntry&) const = default;
};

/// An 'A' entry: the offsets of one aborted transaction in one partition, both inclusive.
struct AbortedEntry {
  ProducerId producer_id;
  Offset first;
  Offset last;  ///< offset of the marker; part of the key
  bool operator==(const AbortedEntry&) const = default;
};

// Keys of the entries, as drawn above.
[[nodiscard]] std::string version_key();
[[nodiscard]] std::string next_id_key();
[[nodiscard]] std::string topic_key(std::string_view name);
[[nodiscard]] std::string partition_key(TopicId topic_id, PartitionId partition);
[[nodiscard]] std::string aborted_key(TopicId topic_id, PartitionId partition, Offset last);
[[nodiscard]] std::string aborted_prefix(TopicId topic_id, PartitionId partition);
[[nodiscard]] std::string open_transaction_key(TopicId topic_id, PartitionId partition, ProducerId producer);
[[nodiscard]] std::string group_offset_key(std::string_view group, const TopicPartition& partition);
[[nodiscard]] std::string batch_key(TopicId topic_id, PartitionId partition, Offset base_offset);

// Parsers of keys. Each returns the parts that its callers need. A key that is too short throws BrokerException
// (fatal).
[[nodiscard]] std::string parse_topic_key(std::string_view key);
[[nodiscard]] Offset parse_aborted_key(std::string_view key);
struct OpenTransactionKey {
  TopicId topic_id;
  PartitionId partition;
  ProducerId producer_id;
};
[[nodiscard]] OpenTransactionKey parse_open_transaction_key(std::string_view key);
[[nodiscard]] std::pair<std::string, TopicPartition> parse_group_offset_key(std::string_view key);
struct BatchKey {
  TopicId topic_id;
  PartitionId partition;
  Offset base_offset;
};
[[nodiscard]] BatchKey parse_batch_key(std::string_view key);

// Encoders and decoders of values. Damaged bytes throw BrokerException (fatal).
[[nodiscard]] std::string encode_u32(std::uint32_t value);
[[nodiscard]] std::string encode_u64(std::uint64_t value);
[[nodiscard]] std::uint32_t decode_u32(std::string_view bytes);
[[nodiscard]] std::uint64_t decode_u64(std::string_view bytes);
[[nodiscard]] std::string encode(const TopicEntry& entry);
[[nodiscard]] TopicEntry decode_topic(std::string_view bytes);
[[nodiscard]] std::string encode(const PartitionEntry& entry);
[[nodiscard]] PartitionEntry decode_partition(std::string_view bytes);
[[nodiscard]] std::string encode(const AbortedEntry& entry);
[[nodiscard]] AbortedEntry decode_aborted(std::string_view key, std::string_view bytes);
[[nodiscard]] std::string encode(const OffsetAndMetadata& offset);
[[nodiscard]] OffsetAndMetadata decode_group_offset(std::string_view bytes);

}  // namespace millrace::detail::embedded::format
