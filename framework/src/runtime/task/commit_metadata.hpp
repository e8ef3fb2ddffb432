#pragma once

#include <map>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Times that operators commit, by the name of their store: how far EmitStrategy::on_window_close has come.
using ProcessorMetadata = std::map<std::string, Timestamp>;

/// What Kafka Streams commits beside an offset, as Base64:
///
///     | version (1) = 02 | partition time (8) | processor metadata |
///     processor metadata:  nothing, or  | entries (4) | { length (4) | store name | time (8) }* |
///
/// All numbers big-endian. Version 1 ends with the time.
struct CommitMetadata {
  Timestamp partition_time = kNoTimestamp;
  ProcessorMetadata processors;

  bool operator==(const CommitMetadata&) const = default;
};

[[nodiscard]] std::string encode_commit_metadata(const CommitMetadata& metadata);

/// Whatever cannot be understood, of the empty string or of foreign text, is as in an empty CommitMetadata.
[[nodiscard]] CommitMetadata decode_commit_metadata(std::string_view text);

}  // namespace millrace::detail
