// SPDX-License-Identifier: Apache-2.0
#include "session_entries.hpp"

#include <algorithm>
#include <tuple>

#include "state/rocksdb/layout.hpp"

namespace millrace::detail::session_entries {

namespace {

std::string full_key(const SessionItem& item) {
  std::string key;
  formats::append_session_key(key, item.key, item.session);
  return key;
}

bool comes_before(const SessionItem& a, const SessionItem& b, std::int64_t interval) {
  if (const auto in = a.session.end / interval, other = b.session.end / interval; in != other) return in < other;
  // Compare the common part first. Only if one key is a prefix of the other must the full bytes be built.
  const std::size_t shared = std::min(a.key.size(), b.key.size());
  if (const int order = a.key.compare(0, shared, b.key, 0, shared); order != 0) return order < 0;
  if (a.key.size() == b.key.size()) {
    return std::tie(a.session.end, a.session.start) < std::tie(b.session.end, b.session.start);
  }
  return full_key(a) < full_key(b);
}

}  // namespace

std::string with_session(std::string_view entry, Timestamp start, BytesView value) {
  std::string out;
  out.reserve(entry.size() + kPrefixBytes + (value ? value->size() : 0));
  bool placed = !value;
  const auto place = [&] {
    formats::append_be64(out, static_cast<std::uint64_t>(start));
    formats::append_be32(out, static_cast<std::uint32_t>(value->size()));
    out.append(*value);
    placed = true;
  };
  each_session(entry, [&](Timestamp other, std::string_view, std::string_view bytes) {
    // Keep the sessions sorted by start. An old session with the same start is left out.
    if (!placed && other >= start) place();
    if (other != start) out.append(bytes);
    return true;
  });
  if (!placed) place();
  return out;
}

BytesView find(std::string_view entry, Timestamp start) {
  BytesView found;
  each_session(entry, [&](Timestamp other, std::string_view value, std::string_view) {
    if (other == start) found = value;
    return !found;
  });
  return found;
}

void append(std::vector<SessionItem>& items, std::string_view key, Timestamp end, std::string_view entry,
            Timestamp latest_start) {
  each_session(entry, [&](Timestamp start, std::string_view value, std::string_view) {
    // Sessions are sorted by start, so no later one qualifies.
    if (start > latest_start) return false;
    items.push_back({std::string(key), {start, end}, std::string(value)});
    return true;
  });
}

void sort(std::vector<SessionItem>& items, std::int64_t retention_ms) {
  const std::int64_t interval = layout::segment_interval(retention_ms);
  const auto before = [interval](const SessionItem& a, const SessionItem& b) { return comes_before(a, b, interval); };
  if (!std::ranges::is_sorted(items, before)) std::ranges::sort(items, before);
}

}  // namespace millrace::detail::session_entries
