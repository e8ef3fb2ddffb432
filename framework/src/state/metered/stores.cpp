// SPDX-License-Identifier: Apache-2.0
#include "state/metered/stores.hpp"

#include <memory>
#include <utility>

namespace millrace::detail {
namespace {

/// Counts and times one call from construction to destruction, so that a call that throws counts too.
class Call {
 public:
  Call(StoreMetrics& metrics, StoreOperation& operation)
      : metrics_(metrics), operation_(operation), begin_(metrics.clock().nanos()) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    operation_.calls.add();
    operation_.latency_ns.record(static_cast<double>(metrics_.clock().nanos() - begin_));
  }

 private:
  StoreMetrics& metrics_;
  StoreOperation& operation_;
  std::int64_t begin_;
};

/// An iterator that counts as open until it is destroyed. A number that keeps growing shows iterators that the
/// application has not closed. Its steps are not timed: they are too short.
template <class Iterator>
class MeteredIteratorBase : public Iterator {
 public:
  MeteredIteratorBase(std::unique_ptr<Iterator> inner, StoreMetrics& metrics)
      : inner_(std::move(inner)), metrics_(metrics), begin_(metrics.clock().nanos()) {
    metrics_.open_iterators.add(1);
  }
  MeteredIteratorBase(const MeteredIteratorBase&) = delete;
  MeteredIteratorBase& operator=(const MeteredIteratorBase&) = delete;
  ~MeteredIteratorBase() override {
    metrics_.open_iterators.add(-1);
    metrics_.iterator_duration_ns.record(static_cast<double>(metrics_.clock().nanos() - begin_));
  }

  [[nodiscard]] bool valid() override { return inner_->valid(); }
  void next() override { inner_->next(); }
  [[nodiscard]] std::string_view key() const override { return inner_->key(); }
  [[nodiscard]] std::string_view value() const override { return inner_->value(); }

 protected:
  std::unique_ptr<Iterator> inner_;

 private:
  StoreMetrics& metrics_;
  std::int64_t begin_;
};

using MeteredIterator = MeteredIteratorBase<BytesIterator>;

class MeteredWindowIterator final : public MeteredIteratorBase<WindowBytesIterator> {
 public:
  using MeteredIteratorBase::MeteredIteratorBase;
  [[nodiscard]] Timestamp window_start() const override { return inner_->window_start(); }
  [[nodiscard]] Sequence seq() const override { return inner_->seq(); }
};

class MeteredSessionIterator final : public MeteredIteratorBase<SessionBytesIterator> {
 public:
  using MeteredIteratorBase::MeteredIteratorBase;
  [[nodiscard]] Window session() const override { return inner_->session(); }
};

/// The methods that all kinds of store have. They pass through; only flush() is measured. restore() is measured by the
/// restoration metrics.
template <class Base>
class Metered : public Base, public MeteredStore {
 public:
  Metered(std::shared_ptr<Base> inner, StoreMetrics& metrics) : inner_(std::move(inner)), metrics_(metrics) {}

  [[nodiscard]] StateStore& measured() override { return *inner_; }
  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  void restore(std::span<const RestoreRecord> records) override { inner_->restore(records); }
  void flush() override {
    const Call call(metrics_, metrics_.flush);
    inner_->flush();
  }

 protected:
  std::shared_ptr<Base> inner_;
  StoreMetrics& metrics_;
};

class MeteredKeyValueStore final : public Metered<KeyValueBytesStore> {
 public:
  using Metered::Metered;

  [[nodiscard]] BytesView get(std::string_view key) override {
    const Call call(metrics_, metrics_.get);
    return inner_->get(key);
  }
  void put(std::string_view key, BytesView value) override {
    // A put of null is a delete; Kafka Streams measures it as such.
    const Call call(metrics_, value ? metrics_.put : metrics_.remove);
    inner_->put(key, value);
  }
  // Not an operation of Kafka Streams, so not measured.
  void require_writable() const override { inner_->require_writable(); }
  // Only opening the iterator is timed here. Its lifetime is the iterator-duration.
  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    // A range without bounds is Kafka Streams' all().
    const Call call(metrics_, from || to ? metrics_.range : metrics_.all);
    return std::make_unique<MeteredIterator>(inner_->range(from, to, forward), metrics_);
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    const Call call(metrics_, metrics_.prefix_scan);
    return std::make_unique<MeteredIterator>(inner_->prefix_scan(prefix), metrics_);
  }
  [[nodiscard]] std::uint64_t approximate_num_entries() override { return inner_->approximate_num_entries(); }
};

class MeteredWindowStore final : public Metered<WindowBytesStore> {
 public:
  using Metered::Metered;

  Sequence put(std::string_view key, BytesView value, Timestamp window_start) override {
    const Call call(metrics_, metrics_.put);
    return inner_->put(key, value, window_start);
  }
  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override {
    const Call call(metrics_, metrics_.fetch);
    return inner_->fetch(key, window_start);
  }
  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override {
    const Call call(metrics_, metrics_.fetch);
    // Includes the time of the visitor, which does the work of a join.
    inner_->fetch_each(key, from, to, visit);
  }
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override {
    const Call call(metrics_, metrics_.fetch);
    return std::make_unique<MeteredWindowIterator>(inner_->fetch(key, from, to, forward), metrics_);
  }
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override {
    const Call call(metrics_, metrics_.fetch);
    return std::make_unique<MeteredWindowIterator>(inner_->fetch_range(key_from, key_to, from, to, forward), metrics_);
  }
  [[nodiscard]] Timestamp observed_stream_time() const override { return inner_->observed_stream_time(); }
  [[nodiscard]] const WindowStoreOptions& options() const override { return inner_->options(); }
};

class MeteredSessionStore final : public Metered<SessionBytesStore> {
 public:
  using Metered::Metered;

  void put(std::string_view key, const Window& session, BytesView value) override {
    const Call call(metrics_, metrics_.put);
    inner_->put(key, session, value);
  }
  void remove(std::string_view key, const Window& session) override {
    const Call call(metrics_, metrics_.remove);
    inner_->remove(key, session);
  }
  [[nodiscard]] BytesView fetch_session(std::string_view key, const Window& session) override {
    const Call call(metrics_, metrics_.fetch);
    return inner_->fetch_session(key, session);
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) override {
    const Call call(metrics_, metrics_.fetch);
    return walk(inner_->find_sessions(key, bounds, forward));
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from, BytesView key_to,
                                                                             const SessionBounds& bounds,
                                                                             bool forward) override {
    const Call call(metrics_, metrics_.fetch);
    return walk(inner_->find_sessions_in_range(key_from, key_to, bounds, forward));
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                           Timestamp latest_end) override {
    const Call call(metrics_, metrics_.fetch);
    return walk(inner_->find_sessions_by_end(earliest_end, latest_end));
  }
  [[nodiscard]] Timestamp observed_stream_time() const override { return inner_->observed_stream_time(); }
  [[nodiscard]] std::int64_t retention_ms() const override { return inner_->retention_ms(); }

 private:
  // Wraps the iterator of one of the find_sessions methods.
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> walk(std::unique_ptr<SessionBytesIterator> inner) {
    return std::make_unique<MeteredSessionIterator>(std::move(inner), metrics_);
  }
};

class MeteredVersionedStore final : public Metered<VersionedBytesStore> {
 public:
  using Metered::Metered;

  VersionedPut put(std::string_view key, BytesView value, Timestamp timestamp) override {
    // Here too a put of null counts as a delete.
    const Call call(metrics_, value ? metrics_.put : metrics_.remove);
    return inner_->put(key, value, timestamp);
  }
  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key) override {
    const Call call(metrics_, metrics_.get);
    return inner_->get(key);
  }
  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key, Timestamp as_of) override {
    const Call call(metrics_, metrics_.get);
    return inner_->get(key, as_of);
  }
  void visit_changes(FunctionRef<void(std::string_view, Timestamp)> visit) override { inner_->visit_changes(visit); }
  [[nodiscard]] Timestamp observed_stream_time() override { return inner_->observed_stream_time(); }
  [[nodiscard]] std::int64_t history_retention_ms() const override { return inner_->history_retention_ms(); }
};

}  // namespace

ByteStore measure(ByteStore store, StoreMetrics& metrics) {
  // At most one of the four is set. A custom store sets none and is not measured here.
  if (store.key_value) store.key_value = std::make_unique<MeteredKeyValueStore>(std::move(store.key_value), metrics);
  if (store.window) store.window = std::make_unique<MeteredWindowStore>(std::move(store.window), metrics);
  if (store.session) store.session = std::make_unique<MeteredSessionStore>(std::move(store.session), metrics);
  if (store.versioned) store.versioned = std::make_unique<MeteredVersionedStore>(std::move(store.versioned), metrics);
  return store;
}

}  // namespace millrace::detail
