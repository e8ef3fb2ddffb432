// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/state/detail/value_format.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// Key, value (nullopt: a tombstone), timestamp and headers (null: none) of one changelog record.
using WriteChangelog = FunctionRef<void(std::string_view, BytesView, Timestamp, const Headers*)>;

/// Undoes changelog records that the store does not include. `tail`: these records, in the order of the changelog. For
/// each key in `tail`, writes one changelog record with the present value of the store. If the store has no value, the
/// record is a tombstone. `tail` stays in the changelog, but a restore ends with the newer records, and so with the
/// state of the store.
///
/// Timestamps and headers come from the values, if the values contain them. Otherwise they come from the last record of
/// the key in `tail`.
///
/// A versioned store keeps the value that is valid at a time, and not the single changes. So for each key and time in
/// `tail`, the record has the value that is valid at that time.
void write_present(const ByteStore& store, ValueFormat format, LoggedHeaders headers,
                   std::span<const RestoreRecord> tail, WriteChangelog write);

}  // namespace millrace::detail
