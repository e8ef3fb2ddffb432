// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "merge.hpp"
#include "state/byte_ranges.hpp"
#include "store_cache.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

// Gives CacheMerge the interface of a store's iterator. Cache keys are the store's keys here.
class MergedIterator final : public BytesIterator {
 public:
  explicit MergedIterator(CacheMerge merge) : merge_(std::move(merge)) {}

  [[nodiscard]] bool valid() override { return merge_.valid(); }
  void next() override { merge_.next(); }
  [[nodiscard]] std::string_view key() const override { return merge_.key(); }
  [[nodiscard]] std::string_view value() const override { return merge_.value(); }

 private:
  CacheMerge merge_;
};

// See make_caching() in stores.hpp.
class CachingKeyValueStore final : public KeyValueBytesStore, public CachedBytesStore, private StoreBelow {
 public:
  CachingKeyValueStore(std::shared_ptr<KeyValueBytesStore> inner, CacheBudget& budget, RecordContextHolder& contexts,
                       CacheTraits traits)
      : inner_(std::move(inner)), cache_(budget, contexts, *this, traits.forwards_headers) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  void flush() override {
    cache_.flush();
    inner_->flush();
  }
  void set_flush_listener(Listener listener, bool send_old_values) override {
    cache_.set_listener(std::move(listener), send_old_values);
  }

  [[nodiscard]] BytesView get(std::string_view key) override {
    if (const auto* value = cache_.get(key)) return *value ? BytesView(**value) : std::nullopt;
    const BytesView found = inner_->get(key);
    if (!found) return std::nullopt;
    // Copy the answer before put_clean(). Adding an entry may push out changes into the store below, which invalidates
    // the view. The listener of such a change may also call get() of this store and overwrite `answer_`.
    std::string answer(*found);
    cache_.put_clean(key, answer);
    answer_ = std::move(answer);
    return std::string_view(answer_);
  }

  void put(std::string_view key, BytesView value) override { cache_.put(key, value); }

  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    // An inverted range is empty, as in Kafka Streams. `to` is inclusive.
    auto keys = from && to && *from > *to ? std::vector<std::string>() : cache_.entries().keys(from, to, true);
    if (!forward) std::reverse(keys.begin(), keys.end());
    return merge(std::move(keys), inner_->range(from, to, forward), forward);
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    const auto end = end_of_prefix(prefix);
    return merge(cache_.entries().keys(prefix, end ? BytesView(*end) : std::nullopt, false),
                 inner_->prefix_scan(prefix), true);
  }

  // Without the entries that are only in the cache. An estimate may be off; counting them would cost lookups.
  [[nodiscard]] std::uint64_t approximate_num_entries() override { return inner_->approximate_num_entries(); }

  // Restoring happens before the task processes records, so the cache is empty and needs no update.
  void restore(std::span<const RestoreRecord> records) override { inner_->restore(records); }

 private:
  [[nodiscard]] BytesView read_below(std::string_view key) override { return inner_->get(key); }
  void write_below(std::string_view key, BytesView value) override { inner_->put(key, value); }
  [[nodiscard]] RecordKey record_key(std::string_view key) const override { return {key, {}}; }

  std::unique_ptr<BytesIterator> merge(std::vector<std::string> keys, std::unique_ptr<BytesIterator> stored,
                                       bool forward) {
    return std::make_unique<MergedIterator>(CacheMerge(
        cache_, std::move(keys), std::move(stored),
        [](const BytesIterator& it, std::string& out) { out.append(it.key()); },
        [](std::string_view a, std::string_view b) { return a.compare(b); }, forward));
  }

  std::shared_ptr<KeyValueBytesStore> inner_;
  StoreCache cache_;
  std::string answer_;  // owns the value that get() returned last
};

}  // namespace

std::unique_ptr<KeyValueBytesStore> make_caching(std::shared_ptr<KeyValueBytesStore> inner, CacheBudget& budget,
                                                 RecordContextHolder& contexts, CacheTraits traits) {
  return std::make_unique<CachingKeyValueStore>(std::move(inner), budget, contexts, traits);
}

}  // namespace millrace::detail
