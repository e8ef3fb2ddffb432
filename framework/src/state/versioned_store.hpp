#pragma once

#include <cstdint>
#include <memory>

#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// A versioned store that keeps its versions in a key-value store. Read and written by Millrace alone:
///
///     key                                                    value
///     | 00 |                                                 | observed stream time (8) | swept until (8) |
///     | 01 | key ... |                                       | timestamp (8) | 01 | value ... |   the latest version
///     | 02 | key length (4) | key ... | timestamp (8) |      | valid to (8) | 01 | value ... |    an older one
///     | 03 | valid to (8) | key length (4) | key ... | timestamp (8) |     when that older one can go
///
/// 00 instead of 01 and a value: no value as of that time. A latest one of that kind has an entry of kind 03 too, with
/// "valid to" equal to its timestamp.
///
/// Older versions are deleted, a sixteenth of the retention at a time, once they ended before the history retention.
/// Equal to Kafka Streams' store in all that its methods show; Java keeps observed stream time only in memory, so that
/// after a restart it accepts puts that are older than the history retention.
[[nodiscard]] std::unique_ptr<VersionedBytesStore> make_versioned_store(std::unique_ptr<KeyValueBytesStore> entries,
                                                                        std::int64_t history_retention_ms);

}  // namespace millrace::detail
