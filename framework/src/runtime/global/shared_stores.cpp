// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/shared_stores.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "state/session_snapshot.hpp"
#include "state/tier/window_snapshot.hpp"

namespace millrace::detail {
namespace {

/// Iterates over a store that another thread may change meanwhile. It takes the lock for each entry and copies the
/// entry, because the views of the inner iterator are only valid under the lock.
class SharedIterator final : public BytesIterator {
 public:
  /// `begin()` opens the iterator of the store. It is called under `held`, the lock of the gate. `fills`: the iterator
  /// is used by the processor that fills the store, which never waits at the gate.
  SharedIterator(StoreGate& gate, std::string store, bool fills, std::unique_lock<std::mutex> held,
                 FunctionRef<std::unique_ptr<BytesIterator>()> begin)
      : gate_(gate), store_(std::move(store)), fills_(fills), generation_(gate.generation()), inner_(begin()) {
    held.unlock();
  }
  SharedIterator(const SharedIterator&) = delete;
  SharedIterator& operator=(const SharedIterator&) = delete;
  ~SharedIterator() override {
    // Closing an iterator also uses the store, so it needs the lock. A destructor must not wait for the gate to open.
    const auto lock = gate_.lock_to_fill();
    inner_.reset();
  }

  [[nodiscard]] bool valid() override {
    const auto held = lock();
    if (!inner_->valid()) return false;
    // Copied here and not in key(), which must stay valid without the lock.
    key_.assign(inner_->key());
    value_.assign(inner_->value());
    return true;
  }
  void next() override {
    const auto held = lock();
    inner_->next();
  }
  [[nodiscard]] std::string_view key() const override { return key_; }
  [[nodiscard]] std::string_view value() const override { return value_; }

 private:
  /// Throws a retriable BrokerException if the store was rebuilt after the iterator was opened.
  [[nodiscard]] std::unique_lock<std::mutex> lock() {
    auto held = fills_ ? gate_.lock_to_fill() : gate_.lock_to_read();
    if (generation_ == gate_.generation()) return held;
    throw BrokerException(BrokerException::Severity::retriable,
                          "global store '" + store_ + "' was rebuilt while a processor iterated over it");
  }

  StoreGate& gate_;
  std::string store_;
  bool fills_;
  std::uint64_t generation_;
  std::unique_ptr<BytesIterator> inner_;
  std::string key_;
  std::string value_;
};

/// What all kinds have in common.
template <class Base>
class Shared : public Base {
 public:
  Shared(StoreGate& gate, const std::shared_ptr<Base>& store, std::string reader)
      : gate_(gate), store_(store), reader_(std::move(reader)) {
    const auto held = gate_.lock_to_fill();
    name_ = store->name();
    persistent_ = store->persistent();
  }

  // These two never change, so they need no lock.
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return persistent_; }
  void restore(std::span<const RestoreRecord> records) override {
    const auto lock = lock_to_write();
    store_->restore(records);
  }
  void flush() override {
    const auto lock = lock_to_write();
    store_->flush();
  }

 protected:
  /// For one read.
  [[nodiscard]] std::unique_lock<std::mutex> lock() const {
    return fills() ? gate_.lock_to_fill() : gate_.lock_to_read();
  }
  /// Whether this is the access of the processor that fills the store.
  [[nodiscard]] bool fills() const { return reader_.empty(); }
  /// Throws StreamsException if this is the access of a reader.
  void check_writer() const {
    if (fills()) return;
    throw StreamsException("processor '" + reader_ + "' cannot write to global store '" + name_ +
                           "': only the processor that was added with the store may");
  }
  /// For one write.
  [[nodiscard]] std::unique_lock<std::mutex> lock_to_write() const {
    check_writer();
    return lock();
  }

  /// Copies a result, because the view in the store is only valid under the lock. The returned view is valid until the
  /// next call.
  [[nodiscard]] BytesView keep(BytesView found) {
    if (!found) return std::nullopt;
    value_.assign(*found);
    return std::string_view(value_);
  }

  StoreGate& gate_;
  /// Owned by GlobalStores, which may replace it.
  const std::shared_ptr<Base>& store_;

 private:
  std::string name_;
  bool persistent_ = false;
  /// Empty: writing is allowed.
  std::string reader_;
  std::string value_;
};

class SharedKeyValueStore final : public Shared<KeyValueBytesStore> {
 public:
  using Shared::Shared;

  [[nodiscard]] BytesView get(std::string_view key) override {
    const auto held = lock();
    return keep(store_->get(key));
  }
  void put(std::string_view key, BytesView value) override {
    const auto held = lock_to_write();
    store_->put(key, value);
  }
  void require_writable() const override { check_writer(); }
  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    return std::make_unique<SharedIterator>(gate_, name(), fills(), lock(),
                                            [&] { return store_->range(from, to, forward); });
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    return std::make_unique<SharedIterator>(gate_, name(), fills(), lock(),
                                            [&] { return store_->prefix_scan(prefix); });
  }
  [[nodiscard]] std::uint64_t approximate_num_entries() override {
    const auto held = lock();
    return store_->approximate_num_entries();
  }
};

class SharedWindowStore final : public Shared<WindowBytesStore> {
 public:
  SharedWindowStore(StoreGate& gate, const std::shared_ptr<WindowBytesStore>& store, std::string reader)
      : Shared(gate, store, std::move(reader)), options_(options_of(*store)) {}

  Sequence put(std::string_view key, BytesView value, Timestamp window_start) override {
    const auto held = lock_to_write();
    return store_->put(key, value, window_start);
  }
  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override {
    const auto held = lock();
    return keep(store_->fetch(key, window_start));
  }
  // `visit` is user code. It must not run under the lock, so it gets a copy.
  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override {
    const auto copies = fetch(key, from, to, true);
    for (; copies->valid(); copies->next()) {
      if (!visit(copies->window_start(), copies->value())) return;
    }
  }
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override {
    const auto held = lock();
    return copy_of(*store_->fetch(key, from, to, forward));
  }
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override {
    const auto held = lock();
    return copy_of(*store_->fetch_range(key_from, key_to, from, to, forward));
  }
  [[nodiscard]] Timestamp observed_stream_time() const override {
    const auto held = lock();
    return store_->observed_stream_time();
  }
  // A reference to a copy, which stays valid when the store is replaced.
  [[nodiscard]] const WindowStoreOptions& options() const override { return options_; }

 private:
  [[nodiscard]] WindowStoreOptions options_of(const WindowBytesStore& store) const {
    const auto held = gate_.lock_to_fill();
    return store.options();
  }
  /// All entries at this moment. The iterator of the store is only used under the lock.
  [[nodiscard]] static std::unique_ptr<WindowBytesIterator> copy_of(WindowBytesIterator& it) {
    std::vector<WindowItem> items;
    for (; it.valid(); it.next()) {
      items.push_back({std::string(it.key()), it.window_start(), it.seq(), std::string(it.value())});
    }
    return std::make_unique<WindowSnapshotIterator>(std::move(items));
  }

  WindowStoreOptions options_;
};

class SharedSessionStore final : public Shared<SessionBytesStore> {
 public:
  using Shared::Shared;

  void put(std::string_view key, const Window& session, BytesView value) override {
    const auto held = lock_to_write();
    store_->put(key, session, value);
  }
  void remove(std::string_view key, const Window& session) override {
    const auto held = lock_to_write();
    store_->remove(key, session);
  }
  [[nodiscard]] BytesView fetch_session(std::string_view key, const Window& session) override {
    const auto held = lock();
    return keep(store_->fetch_session(key, session));
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) override {
    const auto held = lock();
    return copy_of(*store_->find_sessions(key, bounds, forward));
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from, BytesView key_to,
                                                                             const SessionBounds& bounds,
                                                                             bool forward) override {
    const auto held = lock();
    return copy_of(*store_->find_sessions_in_range(key_from, key_to, bounds, forward));
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                           Timestamp latest_end) override {
    const auto held = lock();
    return copy_of(*store_->find_sessions_by_end(earliest_end, latest_end));
  }
  [[nodiscard]] Timestamp observed_stream_time() const override {
    const auto held = lock();
    return store_->observed_stream_time();
  }
  [[nodiscard]] std::int64_t retention_ms() const override {
    const auto held = lock();
    return store_->retention_ms();
  }

 private:
  /// All entries at this moment, as for windows.
  [[nodiscard]] static std::unique_ptr<SessionBytesIterator> copy_of(SessionBytesIterator& it) {
    std::vector<SessionItem> items;
    for (; it.valid(); it.next()) items.push_back({std::string(it.key()), it.session(), std::string(it.value())});
    return std::make_unique<SessionSnapshotIterator>(std::move(items));
  }
};

class SharedVersionedStore final : public Shared<VersionedBytesStore> {
 public:
  using Shared::Shared;

  VersionedPut put(std::string_view key, BytesView value, Timestamp timestamp) override {
    const auto held = lock_to_write();
    return store_->put(key, value, timestamp);
  }
  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key) override {
    const auto held = lock();
    return keep_version(store_->get(key));
  }
  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key, Timestamp as_of) override {
    const auto held = lock();
    return keep_version(store_->get(key, as_of));
  }
  void visit_changes(FunctionRef<void(std::string_view, Timestamp)> visit) override {
    const auto held = lock();
    store_->visit_changes(visit);
  }
  [[nodiscard]] Timestamp observed_stream_time() override {
    const auto held = lock();
    return store_->observed_stream_time();
  }
  [[nodiscard]] std::int64_t history_retention_ms() const override {
    const auto held = lock();
    return store_->history_retention_ms();
  }

 private:
  [[nodiscard]] std::optional<VersionedBytes> keep_version(std::optional<VersionedBytes> found) {
    // Only the bytes are a view; the timestamps are already copies.
    if (found) found->value = *keep(found->value);
    return found;
  }
};

}  // namespace

// A ByteStore holds one kind of store.
ByteStore share(StoreGate& gate, const ByteStore& store, const std::string& reader) {
  ByteStore shared;
  if (store.key_value) shared.key_value = std::make_unique<SharedKeyValueStore>(gate, store.key_value, reader);
  if (store.window) shared.window = std::make_unique<SharedWindowStore>(gate, store.window, reader);
  if (store.session) shared.session = std::make_unique<SharedSessionStore>(gate, store.session, reader);
  if (store.versioned) shared.versioned = std::make_unique<SharedVersionedStore>(gate, store.versioned, reader);
  return shared;
}

}  // namespace millrace::detail
