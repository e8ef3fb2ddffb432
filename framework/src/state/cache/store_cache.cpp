// SPDX-License-Identifier: Apache-2.0
#include "store_cache.hpp"

#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

// Sets the flag for its lifetime, so that an exception from the listener resets the flag too.
class StoreCache::WritingOut {
 public:
  explicit WritingOut(bool& flag) : flag_(flag) { flag_ = true; }
  ~WritingOut() { flag_ = false; }
  WritingOut(const WritingOut&) = delete;
  WritingOut& operator=(const WritingOut&) = delete;

 private:
  bool& flag_;
};

void StoreCache::set_listener(CachedBytesStore::Listener listener, bool send_old_values) {
  listener_ = std::move(listener);
  send_old_values_ = send_old_values;
}

void StoreCache::put(std::string_view key, BytesView value) {
  cache_.put(key, value);
  make_room();
}

void StoreCache::put_clean(std::string_view key, std::string_view value) {
  cache_.put_clean(key, value);
  make_room();
}

void StoreCache::flush() {
  if (writing_out_) return;
  write_out();
  make_room();
  cache_.tidy();
}

BytesView StoreCache::value_of(std::string_view key) {
  if (const auto* value = cache_.peek(key)) return *value ? BytesView(**value) : std::nullopt;
  return below_.read_below(key);
}

void StoreCache::make_room() {
  while (!cache_.make_room()) {
    // The listener may put into this cache while its changes are shown. The outer write_out() then makes room at its
    // end.
    if (writing_out_) return;
    write_out();
  }
}

void StoreCache::write_out() {
  const WritingOut guard(writing_out_);
  cache_.begin_taking();
  // In batches: a cache can be large, and each batch is a copy.
  for (auto changes = cache_.take_changes(); !changes.empty(); changes = cache_.take_changes()) {
    if (listener_) {
      write_and_show(changes);
    } else {
      write(changes);
    }
  }
}

void StoreCache::write(std::vector<CacheChange>& changes) {
  for (const CacheChange& change : changes) {
    const BytesView value = change.value ? BytesView(*change.value) : std::nullopt;
    contexts_.run_under(change.context, [&] { below_.write_below(change.key, value); });
  }
}

void StoreCache::write_and_show(std::vector<CacheChange>& changes) {
  std::vector<std::optional<std::string>> old_values(send_old_values_ ? changes.size() : 0);
  // False: a delete of a key that the store below does not have. Nobody saw the key, so nobody needs its delete.
  std::vector<bool> shown(changes.size(), true);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const CacheChange& change = changes[i];
    if (!change.value || send_old_values_) {
      const BytesView found = below_.read_below(change.key);
      shown[i] = change.value || found;  // otherwise there is nothing to delete
      if (send_old_values_ && found) old_values[i].emplace(*found);
    }
    if (!shown[i]) continue;
    const BytesView value = change.value ? BytesView(*change.value) : std::nullopt;
    contexts_.run_under(change.context, [&] { below_.write_below(change.key, value); });
  }
  // Only now, after the whole batch is written: see the class comment.
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!shown[i]) continue;
    CacheChange& change = changes[i];
    if (!forwards_headers_) change.context.headers = {};
    const auto [key, window] = below_.record_key(change.key);
    const CacheFlush flush{key, window, change.value ? BytesView(*change.value) : std::nullopt,
                           send_old_values_ && old_values[i] ? BytesView(*old_values[i]) : std::nullopt,
                           change.context.timestamp};
    contexts_.run_under(change.context, [&] { listener_(flush); });
  }
}

}  // namespace millrace::detail
