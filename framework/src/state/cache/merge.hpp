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

/// A walk over a store with its cache on top. Keys of the cache are those of when the walk began. The value of each is
/// read when the walk has passed the cached key before it (of the first one: when the walk is first looked at); if it
/// has left the cache by then, the store below has it. The order in which entries were used stays as it is.
class CacheMerge {
 public:
  /// Appends the cache's key of the entry that the walk over the store stands on.
  using CacheKeyOf = std::function<void(const BytesIterator&, std::string&)>;
  /// How two keys of the cache stand to each other when the store is walked over forward: < 0, 0, > 0.
  using Order = std::function<int(std::string_view, std::string_view)>;

  /// `cached`: the cache's keys, in the direction of the walk.
  CacheMerge(StoreCache& cache, std::vector<std::string> cached, std::unique_ptr<BytesIterator> stored,
             CacheKeyOf cache_key_of, Order order, bool forward)
      : cache_(&cache),
        cached_(std::move(cached)),
        stored_(std::move(stored)),
        cache_key_of_(std::move(cache_key_of)),
        order_(std::move(order)),
        forward_(forward) {}

  /// Stands on the next entry that exists. What lies below may have moved on by itself since the last time.
  [[nodiscard]] bool valid() {
    for (;;) {
      load_cached();
      const bool more_stored = load_stored();
      at_cached_ = has_cached();
      if (!at_cached_) return more_stored;
      if (more_stored) {
        const int order = order_(cached_[next_cached_], stored_key_);
        at_cached_ = order == 0 || (forward_ ? order < 0 : order > 0);
        if (order == 0) stored_->next();
      }
      if (!at_cached_ || cached_value_) return true;
      step_cached();  // deleted
    }
  }
  void next() {
    if (at_cached_) {
      step_cached();
    } else {
      stored_->next();
    }
  }
  /// As the cache has it.
  [[nodiscard]] std::string_view key() const { return at_cached_ ? cached_[next_cached_] : stored_key_; }
  [[nodiscard]] std::string_view value() const { return at_cached_ ? *cached_value_ : stored_->value(); }

 private:
  [[nodiscard]] bool has_cached() const { return next_cached_ < cached_.size(); }

  void load_cached() {
    if (loaded_ || !has_cached()) return;
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
