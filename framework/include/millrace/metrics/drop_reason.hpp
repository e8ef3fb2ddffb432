// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace {

/// Why a record was dropped. Each reason is a value of the tag `reason` of the metric `dropped-records-total`; see
/// to_string(). Kafka Streams has the same total without the tag.
enum class DropReason : std::uint8_t {
  null_key,
  null_value,
  null_join_key,          ///< of a join of a stream with a table, by whatever key it is made
  null_foreign_key,       ///< of a join of tables by foreign key
  expired_window,         ///< late: all windows that it falls into are closed
  older_version,          ///< of a versioned table: a later version of its key has come before
  outdated_response,      ///< of a join of tables by foreign key: the left row has changed since it asked
  negative_timestamp,     ///< of a source whose extractor skips such records
  no_partition,           ///< the partitioner of a sink chose none
  deserialization_error,  ///< a handler skipped the record; the same holds for what follows
  processing_error,
  serialization_error,
  production_error,  ///< refused by the broker
};

/// All reasons, in the order of the enum.
inline constexpr std::array kDropReasons{
    DropReason::null_key,          DropReason::null_value,
    DropReason::null_join_key,     DropReason::null_foreign_key,
    DropReason::expired_window,    DropReason::older_version,
    DropReason::outdated_response, DropReason::negative_timestamp,
    DropReason::no_partition,      DropReason::deserialization_error,
    DropReason::processing_error,  DropReason::serialization_error,
    DropReason::production_error,
};

/// The value of the tag `reason`: `null-key`, `expired-window`... Never null. Any thread.
[[nodiscard]] const char* to_string(DropReason reason);

}  // namespace millrace
