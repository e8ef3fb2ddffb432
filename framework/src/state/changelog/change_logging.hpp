#pragma once

#include <span>
#include <string_view>

#include "millrace/state/detail/changelog_writer.hpp"
#include "millrace/state/detail/value_format.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace::detail {

/// Writes one changelog record. A timestamped value is logged without its timestamp, under it; everything else under
/// the timestamp of the record being processed. `logged`: where the value has none of its own.
void log_change(ChangelogWriter& writer, ValueFormat format, std::string_view key, BytesView value,
                LoggedHeaders logged);

/// The way back: gives changelog records to a store in the store's own value format.
void restore_changes(RestorableStore& store, ValueFormat format, std::span<const RestoreRecord> records);

}  // namespace millrace::detail
