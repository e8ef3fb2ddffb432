// SPDX-License-Identifier: Apache-2.0
#include "committed_sessions.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "session_entries.hpp"
#include "session_snapshot.hpp"

namespace millrace::detail {

namespace {

class CommittedSessions final : public CommittedSessionReader {
 public:
  CommittedSessions(std::shared_ptr<const CommittedWindowReader> windows, std::int64_t retention_ms)
      : windows_(std::move(windows)), retention_ms_(retention_ms) {}

  [[nodiscard]] std::optional<std::string> fetch_session(std::string_view key, const Window& session) const override {
    const auto entry = windows_->fetch(key, session.end);
    return entry ? owned(session_entries::find(*entry, session.start)) : std::nullopt;
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) const override {
    return find_sessions_in_range(key, key, bounds, forward);
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from, BytesView key_to,
                                                                             const SessionBounds& bounds,
                                                                             bool forward) const override {
    std::vector<SessionItem> items;
    // The start of such a window is the session's end. It is never negative.
    const auto windows = windows_->fetch_range(key_from, key_to, std::max<Timestamp>(bounds.earliest_end, 0),
                                               std::numeric_limits<Timestamp>::max());
    for (; windows->valid(); windows->next()) {
      session_entries::append(items, windows->key(), windows->window_start(), windows->value(), bounds.latest_start);
    }
    session_entries::sort(items, retention_ms_);
    if (!forward) std::ranges::reverse(items);
    return std::make_unique<SessionSnapshotIterator>(std::move(items));
  }

 private:
  std::shared_ptr<const CommittedWindowReader> windows_;
  std::int64_t retention_ms_;
};

}  // namespace

std::shared_ptr<const CommittedSessionReader> make_committed_session_reader(
    std::shared_ptr<const CommittedWindowReader> windows, std::int64_t retention_ms) {
  return std::make_shared<CommittedSessions>(std::move(windows), retention_ms);
}

}  // namespace millrace::detail
