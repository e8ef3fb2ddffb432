// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "merge.hpp"
#include "millrace/state/detail/formats.hpp"
#include "segmented_cache.hpp"
#include "state/rocksdb/layout.hpp"
#include "state/session_snapshot.hpp"
#include "store_cache.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();

// The views in the result point into `cache_key`.
formats::SessionKey read_cache_key(std::string_view cache_key) {
  return formats::read_session_key(cache_key.substr(SegmentedCacheKeys::kSegmentBytes));
}

// Gives CacheMerge the interface of a session store's iterator. Key and session are read from the cache key.
class MergedSessionIterator final : public SessionBytesIterator {
 public:
  explicit MergedSessionIterator(CacheMerge merge) : merge_(std::move(merge)) {}

  [[nodiscard]] bool valid() override { return merge_.valid(); }
  void next() override { merge_.next(); }
  [[nodiscard]] std::string_view key() const override { return read_cache_key(merge_.key()).key; }
  [[nodiscard]] std::string_view value() const override { return merge_.value(); }
  [[nodiscard]] Window session() const override { return read_cache_key(merge_.key()).session; }

 private:
  CacheMerge merge_;
};

// See make_caching() in stores.hpp. The time of a cache key is the session's end.
class CachingSessionStore final : public SessionBytesStore, public CachedBytesStore, private StoreBelow {
 public:
  CachingSessionStore(std::shared_ptr<SessionBytesStore> inner, CacheBudget& budget, RecordContextHolder& contexts,
                      CacheTraits traits)
      : inner_(std::move(inner)),
        cache_(budget, contexts, *this, traits.forwards_headers),
        keys_(layout::segment_interval(inner_->retention_ms()), formats::kSessionKeySuffixBytes) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  [[nodiscard]] Timestamp observed_stream_time() const override { return inner_->observed_stream_time(); }
  [[nodiscard]] std::int64_t retention_ms() const override { return inner_->retention_ms(); }
  void flush() override {
    cache_.flush();
    inner_->flush();
  }
  void set_flush_listener(Listener listener, bool send_old_values) override {
    cache_.set_listener(std::move(listener), send_old_values);
  }

  void put(std::string_view key, const Window& session, BytesView value) override {
    cache_.put(cache_key(key, session), value);
  }
  void remove(std::string_view key, const Window& session) override { put(key, session, std::nullopt); }

  // Unlike get() of the key-value store, a value that was read below does not enter the cache. Neither does it in Java.
  [[nodiscard]] BytesView fetch_session(std::string_view key, const Window& session) override {
    const auto* value = cache_.get(cache_key(key, session));
    if (value == nullptr) return inner_->fetch_session(key, session);
    return *value ? BytesView(**value) : std::nullopt;
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) override {
    // A cache key sorts by the session's end. So the end has a bound in the scan, and the start is filtered afterwards.
    return merge(up_to(bounds.latest_start, keys_.of_one_key(cache_.entries(), key, bounds.earliest_end, kEndOfTime)),
                 inner_->find_sessions(key, bounds, forward), forward);
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from, BytesView key_to,
                                                                             const SessionBounds& bounds,
                                                                             bool forward) override {
    return merge(
        up_to(bounds.latest_start, keys_.of_keys(cache_.entries(), key_from, key_to, bounds.earliest_end, kEndOfTime)),
        inner_->find_sessions_in_range(key_from, key_to, bounds, forward), forward);
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                           Timestamp latest_end) override {
    // Reads everything and sorts a copy: neither cache nor store has an order by end across all keys.
    std::vector<SessionItem> items;
    const auto walk = find_sessions_in_range(std::nullopt, std::nullopt, {.earliest_end = earliest_end}, true);
    for (; walk->valid(); walk->next()) {
      if (walk->session().end > latest_end) continue;
      items.push_back({std::string(walk->key()), walk->session(), std::string(walk->value())});
    }
    std::sort(items.begin(), items.end(), [this](const SessionItem& a, const SessionItem& b) {
      const auto& [a_start, a_end] = a.session;
      const auto& [b_start, b_end] = b.session;
      // RocksDB: by end, start, key. In memory: by end, key, and the start in descending order.
      return persistent() ? std::tie(a_end, a_start, a.key) < std::tie(b_end, b_start, b.key)
                          : std::tie(a_end, a.key, b_start) < std::tie(b_end, b.key, a_start);
    });
    return std::make_unique<SessionSnapshotIterator>(std::move(items));
  }

  // Restoring happens before the task processes records, so the cache is empty and needs no update.
  void restore(std::span<const RestoreRecord> records) override { inner_->restore(records); }

 private:
  /// The view is valid until the next call.
  std::string_view cache_key(std::string_view key, const Window& session) {
    cache_key_.clear();
    append_cache_key(cache_key_, key, session);
    return cache_key_;
  }
  void append_cache_key(std::string& out, std::string_view key, const Window& session) const {
    keys_.append_segment(out, session.end);
    formats::append_session_key(out, key, session);
  }

  [[nodiscard]] BytesView read_below(std::string_view cache_key) override {
    const auto at = read_cache_key(cache_key);
    return inner_->fetch_session(at.key, at.session);
  }
  void write_below(std::string_view cache_key, BytesView value) override {
    const auto at = read_cache_key(cache_key);
    inner_->put(at.key, at.session, value);
  }
  [[nodiscard]] RecordKey record_key(std::string_view cache_key) const override {
    const auto at = read_cache_key(cache_key);
    return {at.key, at.session};
  }

  /// Removes the keys of sessions that start after `latest_start`.
  [[nodiscard]] static std::vector<std::string> up_to(Timestamp latest_start, std::vector<std::string> cached) {
    std::erase_if(cached, [&](const std::string& key) { return read_cache_key(key).session.start > latest_start; });
    return cached;
  }

  /// Compares two cache keys in the iteration order of the store below; see SessionBytesStore.
  [[nodiscard]] int compare(std::string_view a, std::string_view b) const {
    // RocksDB iterates in the byte order of the cache key: segment, key, end, start.
    if (persistent()) return a.compare(b);
    // The in-memory store iterates by end, key, and the start in descending order, as in Java.
    const auto [one_key, one] = read_cache_key(a);
    const auto [other_key, other] = read_cache_key(b);
    if (one.end != other.end) return one.end < other.end ? -1 : 1;
    if (const int order = one_key.compare(other_key); order != 0) return order;
    return one.start == other.start ? 0 : one.start > other.start ? -1 : 1;
  }

  std::unique_ptr<SessionBytesIterator> merge(std::vector<std::string> cached,
                                              std::unique_ptr<SessionBytesIterator> stored, bool forward) {
    // The cache's keys come in byte order. The in-memory store iterates in another order.
    if (!persistent()) {
      std::sort(cached.begin(), cached.end(),
                [this](const std::string& a, const std::string& b) { return compare(a, b) < 0; });
    }
    if (!forward) std::reverse(cached.begin(), cached.end());
    return std::make_unique<MergedSessionIterator>(CacheMerge(
        cache_, std::move(cached), std::move(stored),
        [this](const BytesIterator& it, std::string& out) {
          append_cache_key(out, it.key(), static_cast<const SessionBytesIterator&>(it).session());
        },
        [this](std::string_view a, std::string_view b) { return compare(a, b); }, forward));
  }

  std::shared_ptr<SessionBytesStore> inner_;
  StoreCache cache_;
  SegmentedCacheKeys keys_;
  std::string cache_key_;  // scratch space, to avoid an allocation per call
};

}  // namespace

std::unique_ptr<SessionBytesStore> make_caching(std::shared_ptr<SessionBytesStore> inner, CacheBudget& budget,
                                                RecordContextHolder& contexts, CacheTraits traits) {
  return std::make_unique<CachingSessionStore>(std::move(inner), budget, contexts, traits);
}

}  // namespace millrace::detail
