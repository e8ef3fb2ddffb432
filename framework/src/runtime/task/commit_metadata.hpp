// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/log_proof.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Times (ms since the epoch) that operators and stores commit, by name. The name of a store:
/// EmitStrategy::on_window_close has emitted the windows of this store up to the time. Kafka Streams has these entries
/// as well (`ProcessorMetadata`). Other names come from kept_time_name(); Kafka Streams does not commit these times.
using ProcessorMetadata = std::map<std::string, Timestamp>;

/// The metadata that is committed together with an offset. The format is that of Kafka Streams, as Base64, so an
/// application can change from one to the other:
///
///     | version (1) = 02 | partition time (8) | processor metadata |
///     processor metadata:  nothing, or  | entries (4) | { length (4) | store name | time (8) }* |
///
/// Sizes are in bytes, and all numbers are big-endian. Version 1 ends after the partition time. (Kafka Streams:
/// `TopicPartitionMetadata`.)
///
/// The claim of a task and its id (docs/group-protocol.md) are two more entries of the processor metadata. Their names
/// are `millrace.claim` and `millrace.claim.id` instead of a store's name. The proof of the offset is two entries as
/// well: `millrace.at` and `millrace.hash`. Kafka Streams ignores the entries.
struct CommitMetadata {
  /// The largest timestamp that was read from the partition, in ms since the epoch. Without it, a restart would forget
  /// the stream time, and late records would count as on time.
  Timestamp partition_time = kNoTimestamp;
  ProcessorMetadata processors;
  /// Says which task owns the partition. Unset: committed by an earlier version or by Kafka Streams.
  std::optional<std::int64_t> claim = std::nullopt;
  /// A random number, chosen when the task claimed its inputs. Unset if `claim` is.
  std::optional<std::int64_t> claim_id = std::nullopt;
  /// Of a processed record before the committed offset. Unset: no record was processed, or the offset was committed by
  /// an earlier version or by Kafka Streams.
  std::optional<LogProof> proof = std::nullopt;

  bool operator==(const CommitMetadata&) const = default;
};

/// The largest size of the Base64 text. It is Kafka's default of offset.metadata.max.bytes; a broker refuses longer
/// texts.
inline constexpr std::size_t kCommitMetadataBytes = 4096;
/// The size of one entry of the processor metadata, in bytes before Base64.
[[nodiscard]] constexpr std::size_t processor_metadata_bytes(std::string_view name) { return 4 + name.size() + 8; }
/// The names of the claim, of its id, and of the offset and the hash of the proof among the entries. Never change the
/// names: committed offsets of running applications contain them.
inline constexpr std::string_view kClaimName = "millrace.claim";
inline constexpr std::string_view kClaimIdName = "millrace.claim.id";
inline constexpr std::string_view kProofOffsetName = "millrace.at";
inline constexpr std::string_view kProofHashName = "millrace.hash";
/// The room for entries of the processor metadata, in bytes before Base64. Base64 makes 4 characters from 3 bytes. The
/// version (1 byte), the partition time (8), the number of entries (4), the claim with its id and the proof need room
/// as well.
inline constexpr std::size_t kProcessorMetadataBytes =
    kCommitMetadataBytes / 4 * 3 - 1 - 8 - 4 - processor_metadata_bytes(kClaimName) -
    processor_metadata_bytes(kClaimIdName) - processor_metadata_bytes(kProofOffsetName) -
    processor_metadata_bytes(kProofHashName);

/// Writes version 2.
[[nodiscard]] std::string encode_commit_metadata(const CommitMetadata& metadata);

/// Reads versions 1 and 2. Never throws: another program may have committed the offset with any text. What cannot be
/// read is left at its default.
[[nodiscard]] CommitMetadata decode_commit_metadata(std::string_view text);

}  // namespace millrace::detail
