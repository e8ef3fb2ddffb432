// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/bytes.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "session_snapshot.hpp"

/// The sessions of one key with the same end, as one entry of a window store. The layout is in session_store.hpp. Used
/// by the store and by those who read its last commit.
namespace millrace::detail::session_entries {

/// Bytes before each value in an entry: start (8) + length (4).
inline constexpr std::size_t kPrefixBytes = 12;

/// Calls `visit(start, value, session_bytes)` for each session in an entry, by start. `session_bytes` is prefix and
/// value together. Stops when `visit` returns false.
template <class Visit>
void each_session(std::string_view entry, Visit&& visit) {
  while (!entry.empty()) {
    const auto start = static_cast<Timestamp>(formats::load_be64(entry.data()));
    const std::size_t size = formats::load_be32(entry.data() + 8);
    if (!visit(start, entry.substr(kPrefixBytes, size), entry.substr(0, kPrefixBytes + size))) return;
    entry.remove_prefix(kPrefixBytes + size);
  }
}

/// Returns the entry with the session at `start` replaced or inserted. If `value` is nullopt, the session is removed.
/// The result is empty if no session is left.
[[nodiscard]] std::string with_session(std::string_view entry, Timestamp start, BytesView value);

/// The value of the session with this start; nullopt: the entry has none. A view of the entry.
[[nodiscard]] BytesView find(std::string_view entry, Timestamp start);

/// Appends copies of the sessions that start at or before `latest_start`, by start.
void append(std::vector<SessionItem>& items, std::string_view key, Timestamp end, std::string_view entry,
            Timestamp latest_start);

/// Sorts sessions as Kafka Streams' RocksDB session store does: by segment, then by the bytes `key + end(8) +
/// start(8)`. Does nothing if they are sorted already, which is the rule: the window store orders its entries by `key +
/// end`. If one key is a prefix of another, the session's start can also decide the order.
void sort(std::vector<SessionItem>& items, std::int64_t retention_ms);

}  // namespace millrace::detail::session_entries
