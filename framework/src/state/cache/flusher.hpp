#pragma once

#include <string>

#include "millrace/state/detail/cached_store.hpp"
#include "named_cache.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// What all caches do with an entry that leaves them, whatever the kind of their store.
class CacheFlusher {
 public:
  /// `forwards_headers`: whether the listener sees those of the entry's last update.
  explicit CacheFlusher(RecordContextHolder& contexts, bool forwards_headers = true)
      : contexts_(contexts), forwards_headers_(forwards_headers) {}

  void set_listener(CachedBytesStore::Listener listener, bool send_old_values) {
    listener_ = std::move(listener);
    send_old_values_ = send_old_values;
  }

  /// `get_below()` reads, `put_below(BytesView)` writes the entry's key in the store below.
  template <class Get, class Put>
  void flush(const NamedCache::Entry& entry, std::string_view key, Window window, Get&& get_below, Put&& put_below) {
    const BytesView new_value = entry.value ? BytesView(*entry.value) : std::nullopt;
    if (!listener_) {
      contexts_.run_under(entry.context, [&] { put_below(new_value); });
      return;
    }
    std::string old_bytes;  // of its own: the put below may take the answer's place
    BytesView old_value;
    if (!new_value || send_old_values_) {
      if (const BytesView found = get_below()) {
        old_bytes.assign(*found);
        old_value = old_bytes;
      }
    }
    if (!new_value && !old_value) return;
    const CacheFlush change{key, window, new_value, send_old_values_ ? old_value : std::nullopt,
                            entry.context.timestamp};
    contexts_.run_under(entry.context, [&] {
      put_below(new_value);
      if (forwards_headers_) listener_(change);
    });
    if (!forwards_headers_) {
      KeptContext bare = entry.context;
      bare.headers = {};
      contexts_.run_under(bare, [&] { listener_(change); });
    }
  }

 private:
  RecordContextHolder& contexts_;
  bool forwards_headers_;
  CachedBytesStore::Listener listener_;
  bool send_old_values_ = false;
};

}  // namespace millrace::detail
