// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/state/detail/typed_stores.hpp"
#include "millrace/state/session_store.hpp"

namespace millrace::detail {

/// A session store with types. It encodes keys and values and calls the byte store below, which it shares with the
/// engine. One thread. (Kafka Streams: `MeteredSessionStore`.)
template <class K, class V>
class TypedSessionStore final : public SessionStore<K, V>, public CachedStore<Windowed<K>, V> {
 public:
  using SessionStore<K, V>::find_sessions;

  TypedSessionStore(std::shared_ptr<SessionBytesStore> bytes, StoreCodec<K, V> codec)
      : bytes_(std::move(bytes)), codec_(std::move(codec)) {}

  [[nodiscard]] const std::string& name() const override { return bytes_->name(); }
  [[nodiscard]] bool persistent() const override { return bytes_->persistent(); }
  void flush() override { bytes_->flush(); }

  void put(const Windowed<K>& session, const V* value) override {
    bytes_->put(codec_.key(session.key), session.window, value == nullptr ? std::nullopt : codec_.value(*value));
  }
  void remove(const Windowed<K>& session) override { bytes_->remove(codec_.key(session.key), session.window); }

  [[nodiscard]] std::optional<V> fetch_session(const K& key, Timestamp start, Timestamp end) override {
    const BytesView found = bytes_->fetch_session(codec_.key(key), {.start = start, .end = end});
    if (!found) return std::nullopt;
    return codec_.decode_value(*found);
  }

  [[nodiscard]] KeyValueIterator<Windowed<K>, V> find_sessions(const K& key, Timestamp earliest_end,
                                                               Timestamp latest_start) override {
    return iterate(
        bytes_->find_sessions(codec_.key(key), {.earliest_end = earliest_end, .latest_start = latest_start}, true));
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_find_sessions(const K& key, Timestamp earliest_end,
                                                                        Timestamp latest_start) override {
    return iterate(
        bytes_->find_sessions(codec_.key(key), {.earliest_end = earliest_end, .latest_start = latest_start}, false));
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> find_sessions(const std::optional<K>& key_from,
                                                               const std::optional<K>& key_to, Timestamp earliest_end,
                                                               Timestamp latest_start) override {
    return over_keys(key_from, key_to, {.earliest_end = earliest_end, .latest_start = latest_start}, true);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_find_sessions(const std::optional<K>& key_from,
                                                                        const std::optional<K>& key_to,
                                                                        Timestamp earliest_end,
                                                                        Timestamp latest_start) override {
    return over_keys(key_from, key_to, {.earliest_end = earliest_end, .latest_start = latest_start}, false);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> find_sessions(Timestamp earliest_end, Timestamp latest_end) override {
    return iterate(bytes_->find_sessions_by_end(earliest_end, latest_end));
  }

  // As in Java, the timestamp of a session's result is the session's end.
  bool set_flush_listener(FlushListener<Windowed<K>, V> listener, bool send_old_values) override {
    listener_ = std::move(listener);  // a member, so that the function object below stays small
    return listen_to_cache(
        *bytes_,
        [this](const CacheFlush& flush) {
          // A stored session has no timestamp of its own, so the record's timestamp is replaced.
          CacheFlush at_end = flush;
          at_end.timestamp = flush.window.end;
          pass_flush_on<V, PlainValue<V>>(at_end, Windowed<K>{codec_.decode_key(flush.key), flush.window}, listener_,
                                          [this](std::string_view bytes) { return codec_.decode_value(bytes); });
        },
        send_old_values);
  }

 private:
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> over_keys(const std::optional<K>& key_from,
                                                           const std::optional<K>& key_to, const SessionBounds& bounds,
                                                           bool forward) {
    // Typed bounds become bytes. The byte store copies them, so the buffers may end here.
    std::string from_buffer;
    std::string to_buffer;
    return iterate(bytes_->find_sessions_in_range(codec_.end_key(key_from, from_buffer),
                                                  codec_.end_key(key_to, to_buffer), bounds, forward));
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> iterate(std::unique_ptr<SessionBytesIterator> bytes) {
    return {std::move(bytes), [this](const BytesIterator& it) {
              // The session store below returns only session iterators, so the cast is safe.
              return KeyValue<Windowed<K>, V>{
                  Windowed<K>{codec_.decode_key(it.key()), static_cast<const SessionBytesIterator&>(it).session()},
                  codec_.decode_value(it.value())};
            }};
  }

  std::shared_ptr<SessionBytesStore> bytes_;
  StoreCodec<K, V> codec_;
  FlushListener<Windowed<K>, V> listener_;
};

}  // namespace millrace::detail
