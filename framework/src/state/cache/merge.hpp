#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "named_cache.hpp"

namespace millrace::detail {

/// Walks over a store with its cache on top: where both have a key, the cache counts. The keys of the cache are those
/// of when the walk began. The value of each is read once the walk has passed the cached key before it (of the first
/// one: when the walk is first looked at). Meanwhile it may have left the cache, and then as in Java the walk over the
/// store below shows it if that knows of it: one over a store in memory does, one over RocksDB has it as it was. For
/// windows and sessions, whose walks in Java notice what comes into a store below, `ReadBelow` makes up for that.
class CacheMerge {
 public:
  /// Appends the cache's key of the entry that the walk over the store stands on.
  using CacheKeyOf = std::function<void(const BytesIterator&, std::string&)>;
  /// What the store has under a key of the cache; empty: an entry that has left the cache is left to the walk below.
  using ReadBelow = std::function<BytesView(std::string_view)>;

  /// Whether the walk shows a key of the cache at all; empty: all. Those that it does not show count as used
  /// nevertheless, as in Java, where that decides which entries leave the cache.
  using Shows = std::function<bool(std::string_view)>;

  /// How two keys of the cache stand to each other when the store is walked over forward: < 0, 0, > 0.
  using Order = std::function<int(std::string_view, std::string_view)>;

  /// `cached`: the cache's keys, in the direction of the walk.
  CacheMerge(NamedCache& cache, std::vector<std::string> cached, std::unique_ptr<BytesIterator> stored,
             CacheKeyOf cache_key_of, ReadBelow read_below, Order order, bool forward, Shows shows = {})
      : cache_(&cache),
        cached_(std::move(cached)),
        stored_(std::move(stored)),
        cache_key_of_(std::move(cache_key_of)),
        read_below_(std::move(read_below)),
        order_(std::move(order)),
        forward_(forward),
        shows_(std::move(shows)) {}

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

  /// Loads the next key that is shown.
  void load_cached() {
    for (; !loaded_ && has_cached(); ++next_cached_) {
      if (next_cached_ == looked_up_) look_up();
      const std::string& key = cached_[next_cached_];
      if (found_ && next_cached_ + 1 == looked_up_) {
        cached_value_ = std::move(found_value_);
      } else if (read_below_ && !key.empty()) {
        const BytesView found = read_below_(key);
        cached_value_ = owned(found);
      } else {
        continue;  // evicted, or passed only
      }
      loaded_ = true;
      return;
    }
  }
  /// Looks into the cache for the keys from here to the first that is there and is shown. So does Java, whose walk over
  /// the cache knows nothing of those that have left it. Keys that are not shown become empty.
  void look_up() {
    for (found_ = false; !found_ && looked_up_ < cached_.size(); ++looked_up_) {
      std::string& key = cached_[looked_up_];
      const auto* entry = cache_->get(key);
      const bool shown = !shows_ || shows_(key);
      found_ = entry != nullptr && shown;
      if (found_) found_value_ = entry->value;
      if (!shown) key.clear();
    }
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

  NamedCache* cache_;
  std::vector<std::string> cached_;
  std::size_t next_cached_ = 0;
  std::size_t looked_up_ = 0;                // how many cached keys
  bool found_ = false;                       // the last of these in the cache, while the others are gone or passed only
  std::optional<std::string> found_value_;   // its value; nullopt: deleted
  bool loaded_ = false;                      // the value of the next cached key
  std::optional<std::string> cached_value_;  // that value; nullopt: deleted
  std::unique_ptr<BytesIterator> stored_;
  std::string stored_key_;
  CacheKeyOf cache_key_of_;
  ReadBelow read_below_;
  Order order_;
  bool forward_;
  Shows shows_;
  bool at_cached_ = false;
};

}  // namespace millrace::detail
