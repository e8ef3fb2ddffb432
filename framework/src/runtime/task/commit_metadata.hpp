#pragma once

#include <map>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Times (ms since the epoch) that operators commit, by the name of their store. EmitStrategy::on_window_close uses it:
/// the time up to which windows were emitted. (Kafka Streams: `ProcessorMetadata`.)
using ProcessorMetadata = std::map<std::string, Timestamp>;

/// The metadata that is committed together with an offset. The format is that of Kafka Streams, as Base64, so an
/// application can change from one to the other:
///
///     | version (1) = 02 | partition time (8) | processor metadata |
///     processor metadata:  nothing, or  | entries (4) | { length (4) | store name | time (8) }* |
///
/// Sizes are in bytes, and all numbers are big-endian. Version 1 ends after the partition time. (Kafka Streams:
/// `TopicPartitionMetadata`.)
struct CommitMetadata {
  /// The largest timestamp that was read from the partition, in ms since the epoch. Without it, a restart would forget
  /// the stream time, and late records would count as on time.
  Timestamp partition_time = kNoTimestamp;
  ProcessorMetadata processors;

  bool operator==(const CommitMetadata&) const = default;
};

/// Writes version 2.
[[nodiscard]] std::string encode_commit_metadata(const CommitMetadata& metadata);

/// Reads versions 1 and 2. Never throws: another program may have committed the offset with any text. What cannot be
/// read is left at its default.
[[nodiscard]] CommitMetadata decode_commit_metadata(std::string_view text);

}  // namespace millrace::detail
