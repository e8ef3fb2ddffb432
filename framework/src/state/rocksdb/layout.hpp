// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/time.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/task_database.hpp"

/// The content of a task's RocksDB. Only Millrace reads and writes it. A change of layout needs a new kFormatVersion.
///
///     column family      content
///     default            meta data, see below
///     kv:<store>         a key-value store: its keys and values, unchanged
///     window:<store>     a window store: | segment (8) | key ... | start (8) | seq (4) | -> value
///     session:<store>    a session store: as a window store, with the session's end as start; see session_store.hpp
///     versioned:<store>  a versioned store; see versioned_store.hpp
///
/// The segment of an entry is start / segment_interval(retention). It is the first part of the key for two reasons.
/// RocksDB's order is then the order in which Kafka Streams iterates over a window store: by segment, then by key. And
/// entries that expire together are stored together, so whole files can be deleted.
///
///     meta key                                    value
///     "format"                                    | version (4) |
///     "position:" | store length (4) | store ... | partition (4) | topic ... |     see write_position()
///     "window:" | store ... |                     | segment interval (8) | observed stream time (8) | last seq (4) |
///     "headers:" | store ... |                    (empty) the store's values begin with headers
///     "type:" | store ... |                       the types of keys and values, see write_store_type() in
/// store_type.hpp
///     "inputs"                                    the InputOffsets of the last commit, see write_inputs()
///     "offset:" | partition (4) | topic ... |     | next changelog offset (8) |, left from format 1
///
/// Format 1 kept the offset of each changelog without the store that it belongs to. Its offsets stay under "offset:"
/// until their stores are opened, which take them over. Format 2 had positions without a proof. A database of an older
/// format becomes one of the present format when it is opened.
///
/// All integers are big-endian. Intervals and times are in ms.
namespace millrace::detail::layout {

inline constexpr std::uint32_t kFormatVersion = 3;
/// The oldest format that can still be read.
inline constexpr std::uint32_t kOldestFormatVersion = 1;
inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kInputsKey = "inputs";
inline constexpr std::string_view kPositionPrefix = "position:";
inline constexpr std::string_view kOffsetPrefix = "offset:";
inline constexpr std::string_view kWindowMetaPrefix = "window:";
inline constexpr std::string_view kHeadersPrefix = "headers:";
inline constexpr std::string_view kTypePrefix = "type:";

inline constexpr std::string_view kKeyValueFamily = "kv:";
inline constexpr std::string_view kWindowFamily = "window:";
inline constexpr std::string_view kSessionFamily = "session:";
inline constexpr std::string_view kVersionedFamily = "versioned:";
inline constexpr std::string_view kFamilies[] = {kKeyValueFamily, kWindowFamily, kSessionFamily, kVersionedFamily};

inline constexpr std::size_t kSegmentBytes = 8;
inline constexpr std::size_t kSegmentedKeyMinBytes = 20;  // with an empty key

/// In ms. As in Kafka Streams: half the retention, but at least one minute.
[[nodiscard]] std::int64_t segment_interval(std::int64_t retention_ms);

/// The number of a segment: the start of its entries / the segment interval. Later segments have larger numbers.
using SegmentId = Strong<struct SegmentIdTag, std::int64_t, Sums::yes>;
static_assert(std::is_trivially_copyable_v<SegmentId> && sizeof(SegmentId) == sizeof(std::int64_t));
/// Appends the 8 bytes with which the keys of a segment begin.
inline void append_segment(std::string& out, SegmentId segment) {
  formats::append_be64(out, static_cast<std::uint64_t>(segment.value()));
}
/// REQUIRES: at least 8 bytes.
[[nodiscard]] inline SegmentId read_segment(std::string_view bytes) {
  return SegmentId(static_cast<std::int64_t>(formats::load_be64(bytes.data())));
}

// Keys in the default column family.
/// Under which the position of a store in one topic partition is kept.
[[nodiscard]] std::string position_key(std::string_view store, const TopicPartition& changelog);
struct PositionKey {
  std::string store;
  TopicPartition changelog;
};
/// nullopt if the bytes are not such a key.
[[nodiscard]] std::optional<PositionKey> read_position_key(std::string_view key);

/// The value of a position:
///
///     | next changelog offset (8) |, and if there is a proof  | offset (8) | hash (8) |
///
[[nodiscard]] std::string write_position(const LogPosition& position);
/// nullopt if the bytes do not have this format.
[[nodiscard]] std::optional<LogPosition> read_position(std::string_view bytes);

/// The same for format 1.
[[nodiscard]] std::string offset_key(const TopicPartition& changelog);
[[nodiscard]] std::optional<TopicPartition> read_offset_key(std::string_view key);

[[nodiscard]] std::string headers_key(std::string_view store);
[[nodiscard]] std::string type_key(std::string_view store);

/// The state of a window store besides its entries. Written together with each commit that changes it.
struct WindowMeta {
  std::int64_t segment_interval_ms = 0;           ///< ms
  Timestamp observed_stream_time = kNoTimestamp;  ///< ms since the epoch; kNoTimestamp: no entry yet
  Sequence last_seq;                              ///< the last sequence number given to a duplicate

  bool operator==(const WindowMeta&) const = default;
};
[[nodiscard]] std::string window_meta_key(std::string_view store);
[[nodiscard]] std::string write_window_meta(const WindowMeta& meta);
/// nullopt if the bytes are not a WindowMeta.
[[nodiscard]] std::optional<WindowMeta> read_window_meta(std::string_view bytes);

/// The value of kInputsKey:
///
///     | entries (4) | { topic partition | offset (8) | metadata }* |    processed
///     | entries (4) | { topic partition | offset (8) }* |               of_group
///
/// A topic partition is | partition (4) | length (4) | topic |. The metadata are | length (4) | bytes |. The leader
/// epoch of an offset is not written.
[[nodiscard]] std::string write_inputs(const InputOffsets& inputs);
/// nullopt if the bytes do not have this format.
[[nodiscard]] std::optional<InputOffsets> read_inputs(std::string_view bytes);

/// The key of a window store's entry in RocksDB. `key` is a view of the bytes that it was read from.
struct SegmentedKey {
  SegmentId segment;
  std::string_view key;
  Timestamp start = 0;
  Sequence seq;
};
/// Overwrites `out`.
void write_segmented_key(std::string& out, SegmentId segment, std::string_view key, Timestamp start, Sequence seq);
/// The largest bytes that can follow the segment in an entry with a key <= `key_to` and a start <= `to`.
[[nodiscard]] std::string last_in_segment(std::string_view key_to, Timestamp to);
/// REQUIRES: at least 20 bytes.
[[nodiscard]] SegmentedKey read_segmented_key(std::string_view bytes);

}  // namespace millrace::detail::layout
