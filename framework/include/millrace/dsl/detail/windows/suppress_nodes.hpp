// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/windowed.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/windows/suppress_buffer.hpp"
#include "millrace/dsl/suppressed.hpp"
#include "millrace/processor/detail/kept_time.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

template <class K>
struct IsWindowed : std::false_type {};
template <class K>
struct IsWindowed<Windowed<K>> : std::true_type {};

/// Holds a table's changes back until they are due. (Kafka Streams: `KTableSuppressProcessorSupplier`.)
template <class K, class V>
class SuppressNode final : public OperatorNode<K, Change<V>, K, Change<V>> {
 public:
  /// `wait_ms`: a change is due this long after its buffer time, in stream time.
  SuppressNode(std::string store, Suppressed suppressed, std::int64_t wait_ms)
      : store_name_(std::move(store)), suppressed_(std::move(suppressed)), wait_ms_(wait_ms) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    store_ = &typed_store<SuppressStore<K, V>>(task, *this, store_name_);
    task.keep_time(*this, kept_time_name(store_name_, "stream time"), stream_time_);
  }

  Output<K, Change<V>>* process(Record<K, Change<V>>& record) override {
    // Stream time of this node, as in Kafka Streams: it advances with the changes that the node sees.
    stream_time_ = std::max(stream_time_, seen(record.timestamp));
    store_->put(buffer_time(record), record.key, record.value,
                BufferedContext::with_raw(this->task().current_record()));
    const auto& buffer = store_->buffer();
    // Due changes first, so that they do not count against the limit.
    const Timestamp due = saturating_sub(stream_time_, wait_ms_);
    while (!buffer.empty() && buffer.min_time() <= due) emit_oldest();
    if (!full()) return nullptr;
    // Strict buffers must not emit early, so this stops the thread.
    if (!suppressed_.emits_early()) {
      throw StreamsException("'" + this->name() + "' holds back " + std::to_string(buffer.records()) + " records of " +
                             std::to_string(buffer.bytes()) + " bytes, more than its limit of " +
                             std::to_string(suppressed_.limits().max_records) + " records and " +
                             std::to_string(suppressed_.limits().max_bytes) + " bytes");
    }
    // A single change can be larger than the limit, so the buffer may become empty.
    while (full() && !buffer.empty()) emit_oldest();
    return nullptr;
  }

 private:
  // Until a window closes: the window's end. Otherwise the time of the change.
  [[nodiscard]] Timestamp buffer_time(const Record<K, Change<V>>& record) const {
    if constexpr (IsWindowed<K>::value) {
      if (suppressed_.window_closes()) return record.key.window.end;
    }
    return record.timestamp;
  }
  // The time of a change without what the task has not seen yet. After a failure under at least once, another member
  // may restore a row with updates of records that it will process again. The time of such a row is later than the
  // task's records. It would close windows before all their records have come again, and final results would be too
  // small.
  [[nodiscard]] Timestamp seen(Timestamp timestamp) const {
    return suppressed_.window_closes() ? std::min(timestamp, this->task().observed_time()) : timestamp;
  }
  [[nodiscard]] bool full() const {
    const auto& buffer = store_->buffer();
    return buffer.records() > suppressed_.limits().max_records || buffer.bytes() > suppressed_.limits().max_bytes;
  }

  /// Emits the oldest change. It stays in the buffer while operators downstream run, so that they read the table as it
  /// was before.
  void emit_oldest() {
    auto change = store_->oldest_change();
    // A final result that is a deletion was never shown, so nobody needs its tombstone.
    if (change.new_value || !suppressed_.window_closes()) {
      const BufferedContext& context = store_->buffer().oldest().context;
      const BufferedScope scope(this->task(), context);
      this->forward(Record<K, Change<V>>{store_->oldest_key(), std::move(change), context.timestamp, context.headers});
    }
    store_->buffer().remove_oldest();
  }

  std::string store_name_;
  // A copy of the user's settings.
  Suppressed suppressed_;
  std::int64_t wait_ms_;
  SuppressStore<K, V>* store_ = nullptr;
  Timestamp stream_time_ = kNoTimestamp;
};

/// The table that suppress() results in. It shows a key's prior value while changes of the key wait.
template <class K, class V>
class SuppressedTable final : public TableProcessor<K, V> {
 public:
  SuppressedTable(std::shared_ptr<TableProcessor<K, V>> parent, std::string store)
      : parent_(std::move(parent)), store_(std::move(store)) {
    // The first old value of a key is what the suppressed table shows meanwhile.
    parent_->enable_sending_old_values(true);
  }

  [[nodiscard]] std::unique_ptr<TableValueGetter<K, V>> make_getter() const override {
    return make_as<TableValueGetter<K, V>, Getter>(parent_->make_getter(), store_);
  }
  [[nodiscard]] std::vector<std::string> getter_stores() const override {
    // A reader needs the buffer and the stores of the table before.
    std::vector<std::string> stores{store_};
    for (auto& store : parent_->getter_stores()) stores.push_back(std::move(store));
    return stores;
  }
  bool enable_sending_old_values(bool force) override { return parent_->enable_sending_old_values(force); }

 private:
  // Looks into the buffer first, then into the table before.
  class Getter final : public TableValueGetter<K, V> {
   public:
    Getter(std::unique_ptr<TableValueGetter<K, V>> parent, std::string store)
        : parent_(std::move(parent)), name_(std::move(store)) {}
    void init(TaskContext& task, const NodeBase& node) override {
      parent_->init(task, node);
      store_ = &typed_store<SuppressStore<K, V>>(task, node, name_);
    }
    void close() override { parent_->close(); }
    [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const K& key) override {
      auto waiting = store_->prior(key);
      if (!waiting) return parent_->get(key);
      if (!waiting->value) return std::nullopt;
      return ValueAndTimestamp<V>{std::move(*waiting->value), waiting->timestamp};
    }

   private:
    std::unique_ptr<TableValueGetter<K, V>> parent_;
    std::string name_;
    SuppressStore<K, V>* store_ = nullptr;
  };

  std::shared_ptr<TableProcessor<K, V>> parent_;
  std::string store_;
};

/// The grace of the windowed aggregation behind a table; throws TopologyException if there is none.
[[nodiscard]] std::int64_t find_window_grace(const GraphNode& node, const std::string& suppress);

}  // namespace millrace::detail
