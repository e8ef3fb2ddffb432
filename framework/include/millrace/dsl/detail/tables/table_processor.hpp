// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/change.hpp"
#include "millrace/dsl/detail/tables/table_store.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/state/detail/cached_store.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace::detail {

/// Reads a table's current value of a key on behalf of a node downstream. Each node that reads a table has its own
/// getter, in each task. Used by the task's thread. (Kafka Streams: `KTableValueGetter`.)
template <class K, class V>
class TableValueGetter {
 public:
  virtual ~TableValueGetter() = default;

  /// `node`: the node that reads. It is connected to the table's getter_stores().
  virtual void init(TaskContext& task, const NodeBase& node) = 0;
  /// Called when the node that reads is closed.
  virtual void close() {}
  /// The latest value; nullopt: the table has no such row.
  [[nodiscard]] virtual std::optional<ValueAndTimestamp<V>> get(const K& key) = 0;

  /// True if values of the past can be read. Otherwise the get() below returns the latest value for any time.
  [[nodiscard]] virtual bool is_versioned() const { return false; }
  /// The value at the time `as_of`, in ms since the epoch.
  [[nodiscard]] virtual std::optional<ValueAndTimestamp<V>> get(const K& key, Timestamp /*as_of*/) { return get(key); }
};

/// The operator behind a table, for operators that follow it. Used while the topology is built; shared by all handles
/// of the table. (Kafka Streams: `KTableProcessorSupplier`.)
template <class K, class V>
class TableProcessor {
 public:
  virtual ~TableProcessor() = default;

  /// Makes an object that reads this table. The topology calls it once per task and node.
  [[nodiscard]] virtual std::unique_ptr<TableValueGetter<K, V>> make_getter() const = 0;
  /// The stores that a reading node must be connected to. The call may give the table a store that it had not before.
  [[nodiscard]] virtual std::vector<std::string> getter_stores() const = 0;

  /// Asks for old values in the table's changes. `force`: give the table a store for this purpose if it has none.
  /// Returns whether the changes will have old values.
  virtual bool enable_sending_old_values(bool force) = 0;

  /// True if the table's changes say whether they are the latest of their keys. (Java: `isOutputVersioned`.)
  [[nodiscard]] virtual bool versioned() const { return false; }
};

/// Reads a table from its own store. Does not own the store.
template <class K, class V>
class StoreGetter final : public TableValueGetter<K, V> {
 public:
  explicit StoreGetter(std::string store) : name_(std::move(store)) {}
  void init(TaskContext& task, const NodeBase& node) override { store_.init(task, node, name_); }
  [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const K& key) override { return store_.get(key); }
  [[nodiscard]] bool is_versioned() const override { return store_.is_versioned(); }
  [[nodiscard]] std::optional<ValueAndTimestamp<V>> get(const K& key, Timestamp as_of) override {
    return store_.get(key, as_of);
  }

 private:
  std::string name_;
  TableStore<K, V> store_;
};

/// The operator of a table that always has a store, such as an aggregation.
template <class K, class V>
class StoreTableProcessor final : public TableProcessor<K, V> {
 public:
  explicit StoreTableProcessor(std::string store, bool versioned = false)
      : store_(std::move(store)), versioned_(versioned) {}

  [[nodiscard]] std::unique_ptr<TableValueGetter<K, V>> make_getter() const override {
    return make_as<TableValueGetter<K, V>, StoreGetter<K, V>>(store_);
  }
  [[nodiscard]] std::vector<std::string> getter_stores() const override { return {store_}; }
  bool enable_sending_old_values(bool /*force*/) override { return *send_old_values_ = true; }
  [[nodiscard]] bool versioned() const override { return versioned_; }

  /// For the operator's nodes. They read the flag after the topology is written, when it no longer changes.
  [[nodiscard]] std::shared_ptr<const bool> send_old_values() const { return send_old_values_; }

 private:
  std::string store_;
  bool versioned_;
  std::shared_ptr<bool> send_old_values_ = detail::share<bool>(false);
};

/// Forwards a table operator's results. Without a cache each result is forwarded at once. With a cache the results are
/// forwarded when they leave the cache. (Kafka Streams: `TimestampedTupleForwarder`, `SessionTupleForwarder`.)
///
/// A member of the node; must not move after init(), because the cache's listener refers to it.
template <class K, class V>
class TableForwarder {
 public:
  /// Called by the node's init(). `store` may be null.
  void init(TaskContext& task, Output<K, Change<V>>& output, StateStore* store, bool send_old_values) {
    task_ = &task;
    output_ = &output;
    send_old_values_ = send_old_values;
    auto* cached = dynamic_cast<CachedStore<K, V>*>(store);
    cached_ = cached != nullptr &&
              cached->set_flush_listener(
                  [this](K key, std::optional<V> new_value, std::optional<V> old_value, Timestamp timestamp) {
                    Record<K, Change<V>> record{std::move(key),
                                                {std::move(new_value), std::move(old_value), true},
                                                timestamp,
                                                *task_->current_record().headers};
                    output_->forward(*task_, record);
                  },
                  send_old_values);
  }

  /// Forwards a result, unless the cache will.
  void maybe_forward(Record<K, Change<V>>&& record) {
    if (cached_) return;
    // A node may have read an old value that no operator has asked for. Operators downstream must not see it.
    if (!send_old_values_) record.value.old_value.reset();
    output_->forward(*task_, record);
  }

 private:
  // Both are set by init() and outlive this object.
  TaskContext* task_ = nullptr;
  Output<K, Change<V>>* output_ = nullptr;
  bool send_old_values_ = false;
  bool cached_ = false;
};

}  // namespace millrace::detail
