#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/state/bytes_store.hpp"
#include "named_cache.hpp"

namespace millrace {

/// Walks over a store with its cache on top: where both have a key, the cache counts. The keys of the cache are those
/// of when the walk began, their values those of when it gets there, be it still in the cache or, meanwhile, in the
/// store.
class CacheMerge {
 public:
  /// Appends the cache's key of the entry that the walk over the store stands on.
  using CacheKeyOf = std::function<void(const BytesIterator&, std::string&)>;
  /// What the store has under a key of the cache.
  using ReadBelow = std::function<BytesView(std::string_view)>;

  /// How two keys of the cache stand to each other when the store is walked over forward: < 0, 0, > 0.
  using Order = std::function<int(std::string_view, std::string_view)>;

  /// `cached`: the cache's keys, in the direction of the walk.
  CacheMerge(NamedCache& cache, std::vector<std::string> cached, std::unique_ptr<BytesIterator> stored,
             CacheKeyOf cache_key_of, ReadBelow read_below, Order order, bool forward)
      : cache_(cache),
        cached_(std::move(cached)),
        stored_(std::move(stored)),
        cache_key_of_(std::move(cache_key_of)),
        read_below_(std::move(read_below)),
        order_(std::move(order)),
        forward_(forward) {
    load_cached();
    load_stored();
    settle();
  }

  [[nodiscard]] bool valid() const { return valid_; }
  void next() {
    if (at_cached_) {
      step_cached();
    } else {
      step_stored();
    }
    settle();
  }
  /// As the cache has it.
  [[nodiscard]] std::string_view key() const { return at_cached_ ? cached_[next_cached_] : stored_key_; }
  [[nodiscard]] std::string_view value() const { return at_cached_ ? *cached_value_ : stored_->value(); }

 private:
  [[nodiscard]] bool has_cached() const { return next_cached_ < cached_.size(); }

  void load_cached() {
    if (!has_cached()) return;
    if (const auto* entry = cache_.get(cached_[next_cached_])) {
      cached_value_ = entry->value;
    } else if (const BytesView found = read_below_(cached_[next_cached_])) {
      cached_value_.emplace(*found);
    } else {
      cached_value_.reset();
    }
  }
  void load_stored() {
    stored_key_.clear();
    if (stored_->valid()) cache_key_of_(*stored_, stored_key_);
  }
  void step_cached() {
    ++next_cached_;
    load_cached();
  }
  void step_stored() {
    stored_->next();
    load_stored();
  }

  // Stands on the next entry that exists.
  void settle() {
    for (;;) {
      valid_ = has_cached() || stored_->valid();
      if (!valid_) return;
      if (has_cached() && stored_->valid()) {
        const int order = order_(cached_[next_cached_], stored_key_);
        if (order == 0) step_stored();
        at_cached_ = order == 0 || (forward_ ? order < 0 : order > 0);
      } else {
        at_cached_ = has_cached();
      }
      if (!at_cached_ || cached_value_) return;
      step_cached();  // deleted
    }
  }

  NamedCache& cache_;
  std::vector<std::string> cached_;
  std::size_t next_cached_ = 0;
  std::optional<std::string> cached_value_;
  std::unique_ptr<BytesIterator> stored_;
  std::string stored_key_;
  CacheKeyOf cache_key_of_;
  ReadBelow read_below_;
  Order order_;
  bool forward_;
  bool at_cached_ = false;
  bool valid_ = false;
};

}  // namespace millrace
