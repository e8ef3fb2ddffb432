// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// Makes a versioned store that keeps its versions in a key-value store. The result owns `entries`. Only Millrace reads
/// and writes this layout; the changelog has Kafka Streams' format.
///
///     key                                                    value
///     | 00 |                                                 | observed stream time (8) | swept until (8) |
///     | 01 | key ... |                                       | timestamp (8) | 01 | value ... |   the latest version
///     | 02 | key length (4) | key ... | timestamp (8) |      | valid to (8) | 01 | value ... |    an older version
///     | 03 | valid to (8) | key length (4) | key ... | timestamp (8) |     when that older version can be deleted
///
/// A version without a value (a delete) has 00 in place of "01 | value". If the latest version has no value, it also
/// has an entry of kind 03, with "valid to" equal to its timestamp.
///
/// Older versions are deleted once they ended before the history retention, one sixteenth of the retention at a time.
///
/// The methods behave as Kafka Streams' store, with one difference. Java keeps observed stream time only in memory, so
/// after a restart it accepts puts that are older than the history retention. This store rejects them.
[[nodiscard]] std::unique_ptr<VersionedBytesStore> make_versioned_store(std::unique_ptr<KeyValueBytesStore> entries,
                                                                        std::int64_t history_retention_ms);

}  // namespace millrace::detail
