#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/time.hpp"

/// What the embedded broker writes to disk. Reader and writer share this header; golden-byte tests
/// (tests/unit/broker) hold it still. Change the layout and kFormatVersion goes up.
///
/// Integers are big-endian, `string` is u32 length + bytes, `varint` is LEB128, `zigzag` a varint of
/// (n << 1) ^ (n >> 63).
///
/// RocksDB column family "default": bookkeeping. The first byte of a key says what the entry is:
///
///   'V'                                              u32 kFormatVersion
///   'N'                                              u64 next id (topics and producers draw from it)
///   'T' name (rest of the key)                       u32 topic id, u32 partitions, u32 n, n x (string, string) configs
///   'P' u32 topic id, u32 partition                  u64 log start offset, u64 cleaned up to, u64 records kept below
///   that 'A' u32 topic id, u32 partition, u64 last        u64 producer id, u64 first: an aborted transaction's offsets
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
///    5  u32  last offset - base offset (compaction leaves gaps, so this may be more than the records say)
///    9  u64  base timestamp
///   17  u64  largest timestamp
///   25  u64  producer id, 0 if not transactional
///   33  u64  delete horizon: when compaction may drop the tombstones in here; 0 = not compacted yet
///   41  records, one after another:
///         varint offset - base offset, zigzag timestamp - base timestamp,
///         varint 1 + key length (0: null), key, varint 1 + value length (0: null), value,
///         varint number of headers, each: varint length, key, varint 1 + length (0: null), value
///
/// Keys of one partition sort by offset; the topic id, not its name, is in the key, so that a topic made again
/// under an old name never sees old records.
namespace millrace::detail::embedded::format {

inline constexpr std::uint32_t kFormatVersion = 1;

inline constexpr std::size_t kBatchHeaderBytes = 41;

/// Batch flags. Persisted: never change a value.
enum Flags : std::uint8_t {
  kTransactional = 1,  ///< belongs to the transaction of `producer id`
  kControl = 2,        ///< no records: one offset taken by the end of a transaction
  kCommit = 4,         ///< with kControl: committed, else aborted
  kLogAppendTime = 8,  ///< every record carries the largest timestamp instead of its own
};

struct BatchHeader {
  std::uint8_t flags = 0;
  std::uint32_t records = 0;
  std::uint32_t last_offset_delta = 0;
  Timestamp base_timestamp = 0;
  Timestamp max_timestamp = kNoTimestamp;
  std::uint64_t producer_id = 0;
  Timestamp delete_horizon = 0;

  bool operator==(const BatchHeader&) const = default;
};

/// Writes the header over the first kBatchHeaderBytes of `batch`.
void write_batch_header(char* batch, const BatchHeader& header);
/// Throws BrokerException if `batch` is too short to be one.
[[nodiscard]] BatchHeader read_batch_header(std::string_view batch);

struct TopicEntry {
  std::uint32_t id = 0;
  std::uint32_t partitions = 0;
  std::map<std::string, std::string> configs;
  bool operator==(const TopicEntry&) const = default;
};

struct PartitionEntry {
  std::int64_t log_start = 0;
  std::int64_t cleaned_to = 0;
  std::uint64_t clean_records = 0;
  bool operator==(const PartitionEntry&) const = default;
};

struct AbortedEntry {
  std::uint64_t producer_id = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;  ///< offset of the marker; part of the key
  bool operator==(const AbortedEntry&) const = default;
};

// Keys.
[[nodiscard]] std::string version_key();
[[nodiscard]] std::string next_id_key();
[[nodiscard]] std::string topic_key(std::string_view name);
[[nodiscard]] std::string partition_key(std::uint32_t topic_id, std::int32_t partition);
[[nodiscard]] std::string aborted_key(std::uint32_t topic_id, std::int32_t partition, std::int64_t last);
[[nodiscard]] std::string aborted_prefix(std::uint32_t topic_id, std::int32_t partition);
[[nodiscard]] std::string open_transaction_key(std::uint32_t topic_id, std::int32_t partition, std::uint64_t producer);
[[nodiscard]] std::string group_offset_key(std::string_view group, const TopicPartition& partition);
[[nodiscard]] std::string batch_key(std::uint32_t topic_id, std::int32_t partition, std::int64_t base_offset);

/// The parts of a key that reading back needs.
[[nodiscard]] std::string parse_topic_key(std::string_view key);
[[nodiscard]] std::int64_t parse_aborted_key(std::string_view key);
struct OpenTransactionKey {
  std::uint32_t topic_id = 0;
  std::int32_t partition = 0;
  std::uint64_t producer_id = 0;
};
[[nodiscard]] OpenTransactionKey parse_open_transaction_key(std::string_view key);
[[nodiscard]] std::pair<std::string, TopicPartition> parse_group_offset_key(std::string_view key);
struct BatchKey {
  std::uint32_t topic_id = 0;
  std::int32_t partition = 0;
  std::int64_t base_offset = 0;
};
[[nodiscard]] BatchKey parse_batch_key(std::string_view key);

// Values.
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
