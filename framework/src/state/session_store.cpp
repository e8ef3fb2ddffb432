// SPDX-License-Identifier: Apache-2.0
#include "session_store.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/formats.hpp"
#include "session_entries.hpp"
#include "session_snapshot.hpp"
#include "state/memory/stores.hpp"
#include "state/observing_store.hpp"

namespace millrace::detail {

namespace {

// Session ends and starts are milliseconds since the epoch.
constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();

/// A session store on a window store. One window-store entry holds all sessions of a key with the same end. Owned by
/// the task that uses it; one thread.
class SessionStoreOnWindows final : public SessionBytesStore, public ClearableStore, public ObservingStore {
 public:
  explicit SessionStoreOnWindows(std::unique_ptr<WindowBytesStore> windows) : windows_(std::move(windows)) {}

  [[nodiscard]] const std::string& name() const override { return windows_->name(); }
  [[nodiscard]] bool persistent() const override { return windows_->persistent(); }
  [[nodiscard]] Timestamp observed_stream_time() const override { return windows_->observed_stream_time(); }
  [[nodiscard]] std::int64_t retention_ms() const override { return windows_->options().retention_ms; }

  void put(std::string_view key, const Window& session, BytesView value) override {
    check(session);
    // The view is valid until the put below; session_entries::with_session() copies it.
    const BytesView present = windows_->fetch(key, session.end);
    // An entry without sessions is deleted from the window store.
    const std::string entry = session_entries::with_session(present.value_or(std::string_view()), session.start, value);
    windows_->put(key, entry.empty() ? BytesView() : BytesView(entry), session.end);
  }

  void remove(std::string_view key, const Window& session) override {
    check(session);
    // An in-memory store has no session that ends after its stream time, so there is nothing to remove. The put below
    // would advance stream time, and Java's in-memory store does not advance it on a remove.
    if (persistent() || session.end <= observed_stream_time()) put(key, session, std::nullopt);
  }

  [[nodiscard]] BytesView fetch_session(std::string_view key, const Window& session) override {
    const BytesView entry = windows_->fetch(key, session.end);
    return entry ? session_entries::find(*entry, session.start) : std::nullopt;
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) override {
    std::vector<SessionItem> items;
    // A window start is never negative, so an earlier bound means "from the beginning".
    windows_->fetch_each(key, std::max<Timestamp>(bounds.earliest_end, 0), kEndOfTime,
                         [&](Timestamp end, std::string_view entry) {
                           append(items, key, end, entry, bounds.latest_start);
                           return true;
                         });
    return snapshot(std::move(items), forward);
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from, BytesView key_to,
                                                                             const SessionBounds& bounds,
                                                                             bool forward) override {
    auto items = collect(key_from, key_to, bounds, kEndOfTime);
    if (persistent()) session_entries::sort(items, retention_ms());
    return snapshot(std::move(items), forward);
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                           Timestamp latest_end) override {
    auto items = collect(std::nullopt, std::nullopt, {.earliest_end = earliest_end}, latest_end);
    // In memory the window store's order is the right one already.
    if (persistent()) {
      std::sort(items.begin(), items.end(), [](const SessionItem& a, const SessionItem& b) {
        return std::tie(a.session.end, a.session.start, a.key) < std::tie(b.session.end, b.session.start, b.key);
      });
    }
    return snapshot(std::move(items), true);
  }

  void restore(std::span<const RestoreRecord> records) override {
    // Several records of one batch can change the same entry. Apply them one after the other, then write each entry
    // once.
    std::map<std::pair<Timestamp, std::string_view>, std::string> entries;
    for (const RestoreRecord& record : records) {
      const auto [key, session] = formats::read_session_key(record.key);
      const auto [entry, is_new] = entries.try_emplace({session.end, key});
      // The first record of an entry in this batch: start with the stored sessions.
      if (is_new) entry->second = windows_->fetch(key, session.end).value_or(std::string_view());
      entry->second = session_entries::with_session(entry->second, session.start, record.value);
    }
    // Owns the keys: `restored` has views of them. Reserved, so that the strings do not move.
    std::vector<std::string> keys;
    keys.reserve(entries.size());
    std::vector<RestoreRecord> restored;
    restored.reserve(entries.size());
    for (const auto& [place, entry] : entries) {
      keys.emplace_back();
      formats::append_window_key(keys.back(), place.second, place.first, Sequence());
      restored.push_back({keys.back(), entry.empty() ? BytesView() : BytesView(entry), kNoTimestamp, nullptr});
    }
    windows_->restore(restored);
  }

  void observe_time(Timestamp time) override { dynamic_cast<ObservingStore&>(*windows_).observe_time(time); }

  // In memory only: then the windows are one as well.
  void clear() override { dynamic_cast<ClearableStore&>(*windows_).clear(); }

 private:
  /// Throws ProcessorStateException if the bounds are negative or in the wrong order.
  void check(const Window& session) const {
    if (session.start >= 0 && session.end >= session.start) return;
    throw ProcessorStateException("session store '" + name() + "': [" + std::to_string(session.start) + ", " +
                                  std::to_string(session.end) +
                                  "] is not a session: the start must not be negative or after the end");
  }

  /// Appends the sessions of one entry in the order of a forward iteration. RocksDB: by start. In memory: later starts
  /// first, as in Java.
  void append(std::vector<SessionItem>& items, std::string_view key, Timestamp end, std::string_view entry,
              Timestamp latest_start) const {
    const auto first = static_cast<std::ptrdiff_t>(items.size());
    session_entries::append(items, key, end, entry, latest_start);
    if (!persistent()) std::reverse(items.begin() + first, items.end());
  }

  /// Copies all sessions in the range, in the window store's order.
  [[nodiscard]] std::vector<SessionItem> collect(BytesView key_from, BytesView key_to, const SessionBounds& bounds,
                                                 Timestamp latest_end) {
    std::vector<SessionItem> items;
    const auto walk =
        windows_->fetch_range(key_from, key_to, std::max<Timestamp>(bounds.earliest_end, 0), latest_end, true);
    for (; walk->valid(); walk->next()) {
      append(items, walk->key(), walk->window_start(), walk->value(), bounds.latest_start);
    }
    return items;
  }

  static std::unique_ptr<SessionBytesIterator> snapshot(std::vector<SessionItem> items, bool forward) {
    if (!forward) std::reverse(items.begin(), items.end());
    return std::make_unique<SessionSnapshotIterator>(std::move(items));
  }

  std::unique_ptr<WindowBytesStore> windows_;
};

}  // namespace

std::unique_ptr<SessionBytesStore> make_session_store(std::unique_ptr<WindowBytesStore> windows) {
  return std::make_unique<SessionStoreOnWindows>(std::move(windows));
}

std::unique_ptr<SessionBytesStore> make_in_memory_session_store(const std::string& name, std::int64_t retention_ms) {
  return make_session_store(make_in_memory_window_store(name, {retention_ms, 0, false}));
}

}  // namespace millrace::detail
