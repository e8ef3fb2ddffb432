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

formats::SessionKey read_cache_key(std::string_view cache_key) {
  return formats::read_session_key(cache_key.substr(SegmentedCacheKeys::kSegmentBytes));
}

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

  [[nodiscard]] BytesView fetch_session(std::string_view key, const Window& session) override {
    const auto* value = cache_.get(cache_key(key, session));
    if (value == nullptr) return inner_->fetch_session(key, session);
    return *value ? BytesView(**value) : std::nullopt;
  }

  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) override {
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
    std::vector<SessionItem> items;
    const auto walk = find_sessions_in_range(std::nullopt, std::nullopt, {.earliest_end = earliest_end}, true);
    for (; walk->valid(); walk->next()) {
      if (walk->session().end > latest_end) continue;
      items.push_back({std::string(walk->key()), walk->session(), std::string(walk->value())});
    }
    std::sort(items.begin(), items.end(), [this](const SessionItem& a, const SessionItem& b) {
      const auto& [a_start, a_end] = a.session;
      const auto& [b_start, b_end] = b.session;
      return persistent() ? std::tie(a_end, a_start, a.key) < std::tie(b_end, b_start, b.key)
                          : std::tie(a_end, a.key, b_start) < std::tie(b_end, b.key, a_start);
    });
    return std::make_unique<SessionSnapshotIterator>(std::move(items));
  }

  // Changelog records go to the store below; its cache is empty then.
  void restore(std::span<const RestoreRecord> records) override { inner_->restore(records); }

 private:
  /// Valid until the next call.
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

  /// The keys without those of sessions that start later.
  [[nodiscard]] static std::vector<std::string> up_to(Timestamp latest_start, std::vector<std::string> cached) {
    std::erase_if(cached, [&](const std::string& key) { return read_cache_key(key).session.start > latest_start; });
    return cached;
  }

  /// In the order of the store below, see SessionBytesStore.
  [[nodiscard]] int compare(std::string_view a, std::string_view b) const {
    if (persistent()) return a.compare(b);
    const auto [one_key, one] = read_cache_key(a);
    const auto [other_key, other] = read_cache_key(b);
    if (one.end != other.end) return one.end < other.end ? -1 : 1;
    if (const int order = one_key.compare(other_key); order != 0) return order;
    return one.start == other.start ? 0 : one.start > other.start ? -1 : 1;
  }

  std::unique_ptr<SessionBytesIterator> merge(std::vector<std::string> cached,
                                              std::unique_ptr<SessionBytesIterator> stored, bool forward) {
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
  std::string cache_key_;
};

}  // namespace

std::unique_ptr<SessionBytesStore> make_caching(std::shared_ptr<SessionBytesStore> inner, CacheBudget& budget,
                                                RecordContextHolder& contexts, CacheTraits traits) {
  return std::make_unique<CachingSessionStore>(std::move(inner), budget, contexts, traits);
}

}  // namespace millrace::detail
