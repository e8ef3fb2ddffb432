// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "store_cache.hpp"

namespace millrace::detail {

/// Iterates over a store together with the cache on top of it. For a key that both have, the cache's value is used.
///
/// The set of cached keys is fixed when the iteration begins. The value of each cached key is read later: when the
/// iteration has passed the cached key before it. If the entry has left the cache by then, its value is read from the
/// store below. An iteration does not change the order of use, so a scan does not push out what get() has used.
///
/// The caching store makes one object per iteration. The cache must outlive it. One thread.
class CacheMerge {
 public:
  /// Appends the cache's key of the entry at which the iterator over the store is.
  using CacheKeyOf = std::function<void(const BytesIterator&, std::string&)>;
  /// Compares two keys of the cache in the order of a forward iteration over the store: < 0, 0, > 0.
  using Order = std::function<int(std::string_view, std::string_view)>;

  /// `cached`: the keys in the cache, in the direction of the iteration. `stored`: iterates in the same direction.
  CacheMerge(StoreCache& cache, std::vector<std::string> cached, std::unique_ptr<BytesIterator> stored,
             CacheKeyOf cache_key_of, Order order, bool forward)
      : cache_(&cache),
        cached_(std::move(cached)),
        stored_(std::move(stored)),
        cache_key_of_(std::move(cache_key_of)),
        order_(std::move(order)),
        forward_(forward) {}

  /// Moves to the next entry that exists. Call this before key() or value().
  ///
  /// Both sources are read again at each call. Between two calls the caller may have written to the store, so the
  /// iterator below may show another entry than before.
  [[nodiscard]] bool valid() {
    for (;;) {
      load_cached();
      const bool more_stored = load_stored();
      at_cached_ = has_cached();
      if (!at_cached_) return more_stored;
      if (more_stored) {
        // `order` is that of a forward iteration. Backward, the larger key comes first.
        const int order = order_(cached_[next_cached_], stored_key_);
        at_cached_ = order == 0 || (forward_ ? order < 0 : order > 0);
        // The cached value replaces the stored one.
        if (order == 0) stored_->next();
      }
      if (!at_cached_ || cached_value_) return true;
      // The cached entry is a deletion that the store below does not know yet. The stored entry is skipped already.
      step_cached();
    }
  }
  void next() {
    if (at_cached_) {
      step_cached();
    } else {
      stored_->next();
    }
  }
  /// The key in the cache's spelling, for entries of the store too. The view is valid until the next call.
  [[nodiscard]] std::string_view key() const { return at_cached_ ? cached_[next_cached_] : stored_key_; }
  [[nodiscard]] std::string_view value() const { return at_cached_ ? *cached_value_ : stored_->value(); }

 private:
  [[nodiscard]] bool has_cached() const { return next_cached_ < cached_.size(); }

  void load_cached() {
    if (loaded_ || !has_cached()) return;
    // A copy: the view is valid only until the next call of the cache, and the caller may write before value().
    cached_value_ = owned(cache_->value_of(cached_[next_cached_]));
    loaded_ = true;
  }
  [[nodiscard]] bool load_stored() {
    if (!stored_->valid()) return false;
    stored_key_.clear();
    cache_key_of_(*stored_, stored_key_);
    return true;
  }
  void step_cached() {
    ++next_cached_;
    loaded_ = false;
  }

  StoreCache* cache_;
  // The keys are copies. A write during the iteration may remove their entries from the cache.
  std::vector<std::string> cached_;
  std::size_t next_cached_ = 0;
  bool loaded_ = false;                      // the value of the next cached key
  std::optional<std::string> cached_value_;  // that value; nullopt: deleted
  std::unique_ptr<BytesIterator> stored_;
  std::string stored_key_;
  CacheKeyOf cache_key_of_;
  Order order_;
  bool forward_;
  bool at_cached_ = false;
};

}  // namespace millrace::detail
