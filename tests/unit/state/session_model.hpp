// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "unit/state/bytes_support.hpp"

namespace millrace::detail {

/// A session, in a form that tests can compare.
struct SessionRow {
  std::string key;
  Timestamp start = 0;
  Timestamp end = 0;
  std::string value;

  bool operator==(const SessionRow&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const SessionRow& row) {
    return out << hex(row.key) << "[" << row.start << "," << row.end << "]=" << hex(row.value);
  }
};

inline std::vector<SessionRow> rows_of(SessionBytesIterator& it) {
  std::vector<SessionRow> rows;
  for (; it.valid(); it.next()) {
    rows.push_back({std::string(it.key()), it.session().start, it.session().end, std::string(it.value())});
  }
  return rows;
}

/// The simplest implementation of a session store. It defines the expected behaviour.
class SessionModel {
 public:
  SessionModel(std::int64_t retention_ms, bool in_memory) : retention_ms_(retention_ms), in_memory_(in_memory) {}

  void put(const std::string& key, const Window& session, const std::optional<std::string>& value) {
    observed_ = std::max(observed_, session.end);
    if (session.end <= observed_ - retention_ms_) return;
    const auto id = std::make_tuple(key, session.end, session.start);
    if (value) {
      sessions_[id] = *value;
    } else {
      sessions_.erase(id);
    }
  }

  void remove(const std::string& key, const Window& session) {
    if (in_memory_) {
      sessions_.erase({key, session.end, session.start});
    } else {
      put(key, session, std::nullopt);
    }
  }

  [[nodiscard]] std::optional<std::string> fetch(const std::string& key, const Window& session) const {
    const auto found = sessions_.find({key, session.end, session.start});
    if (found == sessions_.end() || session.end <= observed_ - retention_ms_) return std::nullopt;
    return found->second;
  }

  [[nodiscard]] std::vector<SessionRow> find(const std::optional<std::string>& key_from,
                                             const std::optional<std::string>& key_to, Timestamp earliest_end,
                                             Timestamp latest_end, Timestamp latest_start, bool forward = true) const {
    std::vector<SessionRow> rows;
    for (const auto& [id, value] : sessions_) {
      const auto& [key, end, start] = id;
      if ((key_from && key < *key_from) || (key_to && key > *key_to)) continue;
      if (end < earliest_end || end > latest_end || start > latest_start || end <= observed_ - retention_ms_) continue;
      rows.push_back({key, start, end, value});
    }
    std::sort(rows.begin(), rows.end(), [this](const SessionRow& a, const SessionRow& b) {
      if (in_memory_) return std::tie(a.end, a.key, b.start) < std::tie(b.end, b.key, a.start);
      const std::int64_t interval = std::max<std::int64_t>(retention_ms_ / 2, 60'000);
      if (a.end / interval != b.end / interval) return a.end < b.end;
      std::string a_bytes;
      std::string b_bytes;
      formats::append_session_key(a_bytes, a.key, {a.start, a.end});
      formats::append_session_key(b_bytes, b.key, {b.start, b.end});
      return a_bytes < b_bytes;
    });
    if (!forward) std::reverse(rows.begin(), rows.end());
    return rows;
  }

 private:
  std::int64_t retention_ms_;
  bool in_memory_;
  Timestamp observed_ = kNoTimestamp;
  std::map<std::tuple<std::string, Timestamp, Timestamp>, std::string> sessions_;
};

}  // namespace millrace::detail
