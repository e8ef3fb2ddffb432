#pragma once

#include <string>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// What Kafka Streams commits beside an offset:
///
///     Base64( version(1) = 02 + partition time(8, big-endian) + processor metadata )
///
/// Empty processor metadata so far. Version 1 lacks them.
[[nodiscard]] std::string encode_commit_metadata(Timestamp partition_time);

/// kNoTimestamp for the empty string and for anything that is not such metadata.
[[nodiscard]] Timestamp decode_partition_time(std::string_view metadata);

}  // namespace millrace::detail
