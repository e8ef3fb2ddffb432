// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "millrace/state/detail/changelog_writer.hpp"
#include "millrace/state/detail/value_format.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace::detail {

/// Writes one changelog record, in Kafka Streams' format. A timestamped value is logged without its timestamp prefix;
/// the prefix becomes the record's timestamp. All other records get the timestamp of the record being processed.
///
/// `logged` applies only to formats without headers. The writer copies the bytes. An error of the writer passes
/// through.
void log_change(ChangelogWriter& writer, ValueFormat format, std::string_view key, BytesView value,
                LoggedHeaders logged);

/// The reverse of log_change(): converts changelog records to the store's value format and restores them. The store
/// must copy the bytes, because the converted values are freed at the end of this call.
void restore_changes(RestorableStore& store, ValueFormat format, std::span<const RestoreRecord> records);

}  // namespace millrace::detail
