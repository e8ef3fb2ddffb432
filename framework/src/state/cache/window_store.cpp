// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "merge.hpp"
#include "millrace/state/detail/formats.hpp"
#include "segmented_cache.hpp"
#include "state/rocksdb/layout.hpp"
#include "store_cache.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

// The views in the result point into `cache_key`.
formats::WindowKey read_cache_key(std::string_view cache_key) {
  return formats::read_window_key(cache_key.substr(SegmentedCacheKeys::kSegmentBytes));
}

// Gives CacheMerge the interface of a window store's iterator. Key and start are read from the cache key.
class MergedWindowIterator final : public WindowBytesIterator {
 public:
  explicit MergedWindowIterator(CacheMerge merge) : merge_(std::move(merge)) {}

  [[nodiscard]] bool valid() override { return merge_.valid(); }
  void next() override { merge_.next(); }
  [[nodiscard]] std::string_view key() const override { return read_cache_key(merge_.key()).key; }
  [[nodiscard]] std::string_view value() const override { return merge_.value(); }
  [[nodiscard]] Timestamp window_start() const override { return read_cache_key(merge_.key()).start; }
  [[nodiscard]] Sequence seq() const override { return {}; }

 private:
  CacheMerge merge_;
};

// See make_caching() in stores.hpp. The time of a cache key is the window's start. The sequence number is always 0,
// because stores that retain duplicates are not cached.
class CachingWindowStore final : public WindowBytesStore, public CachedBytesStore, private StoreBelow {
 public:
  CachingWindowStore(std::shared_ptr<WindowBytesStore> inner, CacheBudget& budget, RecordContextHolder& contexts,
                     CacheTraits traits)
      : inner_(std::move(inner)),
        cache_(budget, contexts, *this, traits.forwards_headers),
        keys_(layout::segment_interval(inner_->options().retention_ms), formats::kWindowKeySuffixBytes) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  [[nodiscard]] Timestamp observed_stream_time() const override { return inner_->observed_stream_time(); }
  [[nodiscard]] const WindowStoreOptions& options() const override { return inner_->options(); }
  void flush() override {
    cache_.flush();
    inner_->flush();
  }
  void set_flush_listener(Listener listener, bool send_old_values) override {
    cache_.set_listener(std::move(listener), send_old_values);
  }

  Sequence put(std::string_view key, BytesView value, Timestamp window_start) override {
    cache_.put(cache_key(key, window_start), value);
    return {};
  }

  // A value that was read below does not enter the cache. Neither does it in Java.
  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override {
    const auto* value = cache_.get(cache_key(key, window_start));
    if (value == nullptr) return inner_->fetch(key, window_start);
    return *value ? BytesView(**value) : std::nullopt;
  }

  // The visitor may write to this store, so it runs over an iterator, which tolerates writes.
  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override {
    for (const auto it = fetch(key, from, to, true); it->valid(); it->next()) {
      if (!visit(it->window_start(), it->value())) return;
    }
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override {
    return merge(keys_.of_one_key(cache_.entries(), key, from, to), inner_->fetch(key, from, to, forward), forward);
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override {
    if (persistent() && key_from && key_from == key_to) return fetch(*key_from, from, to, forward);
    return merge(keys_.of_keys(cache_.entries(), key_from, key_to, from, to),
                 inner_->fetch_range(key_from, key_to, from, to, forward), forward);
  }

  // Restoring happens before the task processes records, so the cache is empty and needs no update.
  void restore(std::span<const RestoreRecord> records) override { inner_->restore(records); }

 private:
  /// The view is valid until the next call.
  std::string_view cache_key(std::string_view key, Timestamp window_start) {
    cache_key_.clear();
    keys_.append_segment(cache_key_, window_start);
    formats::append_window_key(cache_key_, key, window_start, Sequence());
    return cache_key_;
  }

  [[nodiscard]] BytesView read_below(std::string_view cache_key) override {
    const auto at = read_cache_key(cache_key);
    return inner_->fetch(at.key, at.start);
  }
  void write_below(std::string_view cache_key, BytesView value) override {
    const auto at = read_cache_key(cache_key);
    inner_->put(at.key, value, at.start);
  }
  [[nodiscard]] RecordKey record_key(std::string_view cache_key) const override {
    const auto at = read_cache_key(cache_key);
    return {at.key, {at.start, at.start}};
  }

  /// Compares two cache keys in the iteration order of the store below; see WindowBytesStore.
  [[nodiscard]] int compare(std::string_view a, std::string_view b) const {
    // RocksDB iterates in the byte order of the cache key: segment, key, start.
    if (persistent()) return a.compare(b);
    // The in-memory store iterates by start, then by key.
    const auto one = read_cache_key(a);
    const auto other = read_cache_key(b);
    if (one.start != other.start) return one.start < other.start ? -1 : 1;
    return one.key.compare(other.key);
  }

  std::unique_ptr<WindowBytesIterator> merge(std::vector<std::string> cached,
                                             std::unique_ptr<WindowBytesIterator> stored, bool forward) {
    // The cache's keys come in byte order. The in-memory store iterates in another order.
    if (!persistent()) {
      std::sort(cached.begin(), cached.end(),
                [this](const std::string& a, const std::string& b) { return compare(a, b) < 0; });
    }
    if (!forward) std::reverse(cached.begin(), cached.end());
    return std::make_unique<MergedWindowIterator>(CacheMerge(
        cache_, std::move(cached), std::move(stored),
        [this](const BytesIterator& it, std::string& out) {
          const Timestamp start = static_cast<const WindowBytesIterator&>(it).window_start();
          keys_.append_segment(out, start);
          formats::append_window_key(out, it.key(), start, Sequence());
        },
        [this](std::string_view a, std::string_view b) { return compare(a, b); }, forward));
  }

  std::shared_ptr<WindowBytesStore> inner_;
  StoreCache cache_;
  SegmentedCacheKeys keys_;
  std::string cache_key_;  // scratch space, to avoid an allocation per call
};

}  // namespace

std::unique_ptr<WindowBytesStore> make_caching(std::shared_ptr<WindowBytesStore> inner, CacheBudget& budget,
                                               RecordContextHolder& contexts, CacheTraits traits) {
  return std::make_unique<CachingWindowStore>(std::move(inner), budget, contexts, traits);
}

}  // namespace millrace::detail
