// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/value_transformer.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

/// What the nodes of a derived table know. Complete when the topology is written.
struct DerivedTableState {
  std::string store;             ///< empty: no store; values are computed from the parent table on demand
  bool send_old_values = false;  ///< an operator downstream needs old values
  bool parent_versioned = false;
};

/// A table that is computed from one other table, value by value. (Kafka Streams: `KTableFilter`, `KTableMapValues`,
/// `KTableTransformValues` as suppliers.) A part of the build phase; nodes and getters are what tasks use.
///
/// `Compute` is the operator: it gets a key's value (or nullopt) and returns the new one. Each node and each getter has
/// its own copy(), because user functions may have state.
template <class K, class VIn, class VOut, class Compute>
class DerivedTable final : public TableProcessor<K, VOut> {
 public:
  /// `versioned`: whether the table's own store is versioned; nullopt: there is none, so the parent decides.
  DerivedTable(std::shared_ptr<TableProcessor<K, VIn>> parent, Compute compute, std::string store,
               std::optional<bool> versioned)
      : parent_(std::move(parent)),
        compute_(std::move(compute)),
        versioned_(versioned),
        state_(detail::share<DerivedTableState>()) {
    state_->store = std::move(store);
    state_->parent_versioned = parent_->versioned();
    // If the old value costs nothing, let the filter have it: it can then drop a tombstone for a key that it never
    // emitted.
    if constexpr (Compute::kFilters) state_->send_old_values = parent_->enable_sending_old_values(false);
  }

  [[nodiscard]] std::unique_ptr<TableValueGetter<K, VOut>> make_getter() const override {
    // A store has the computed values. Otherwise each read computes the value again.
    if (!state_->store.empty()) return make_as<TableValueGetter<K, VOut>, StoreGetter<K, VOut>>(state_->store);
    return make_as<TableValueGetter<K, VOut>, Getter>(parent_->make_getter(), compute_);
  }
  [[nodiscard]] std::vector<std::string> getter_stores() const override {
    if (!state_->store.empty()) return {state_->store};
    return parent_->getter_stores();
  }
  // `force` false: only if the parent has old values anyway. With a store the old value can be read there.
  bool enable_sending_old_values(bool force) override {
    if (!state_->store.empty() || parent_->enable_sending_old_values(force)) state_->send_old_values = true;
    return state_->send_old_values;
  }
  [[nodiscard]] bool versioned() const override { return versioned_.value_or(parent_->versioned()); }

  [[nodiscard]] std::shared_ptr<const DerivedTableState> state() const { return state_; }

 private:
  /// Computes values on demand, for a table without a store. A value has the timestamp of the parent's value.
  class Getter final : public TableValueGetter<K, VOut> {
   public:
    Getter(std::unique_ptr<TableValueGetter<K, VIn>> parent, const Compute& compute)
        : parent_(std::move(parent)), compute_(compute.copy()) {}
    void init(TaskContext& task, const NodeBase& node) override {
      parent_->init(task, node);
      compute_.init(task, node);
    }
    void close() override {
      parent_->close();
      compute_.close();
    }
    [[nodiscard]] std::optional<ValueAndTimestamp<VOut>> get(const K& key) override {
      return compute(key, parent_->get(key));
    }
    // Values of the past can be computed if the parent knows its values of the past.
    [[nodiscard]] bool is_versioned() const override { return parent_->is_versioned(); }
    [[nodiscard]] std::optional<ValueAndTimestamp<VOut>> get(const K& key, Timestamp as_of) override {
      return compute(key, parent_->get(key, as_of));
    }

   private:
    std::optional<ValueAndTimestamp<VOut>> compute(const K& key, std::optional<ValueAndTimestamp<VIn>> found) {
      // Without a parent value the operator still runs: a transformer may make a value from nothing.
      const Timestamp timestamp = found ? found->timestamp : kNoTimestamp;
      std::optional<VIn> value;
      if (found) value = std::move(found->value);
      auto result = compute_.look_up(key, std::move(value), timestamp);
      if (!result) return std::nullopt;
      return ValueAndTimestamp<VOut>{std::move(*result), timestamp};
    }

    std::unique_ptr<TableValueGetter<K, VIn>> parent_;
    Compute compute_;
  };

  std::shared_ptr<TableProcessor<K, VIn>> parent_;
  Compute compute_;
  std::optional<bool> versioned_;
  std::shared_ptr<DerivedTableState> state_;
};

/// The node of a derived table. It computes the new value, and the old value if an operator downstream needs it.
template <class K, class VIn, class VOut, class Compute>
class DerivedTableNode final : public OperatorNode<K, Change<VIn>, K, Change<VOut>> {
 public:
  DerivedTableNode(const Compute& compute, std::shared_ptr<const DerivedTableState> state)
      : compute_(compute.copy()), state_(std::move(state)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    compute_.init(task, *this);
    if (state_->store.empty()) return;
    store_.init(task, *this, state_->store);
    forwarder_.init(task, this->output(), store_.store(), state_->send_old_values);
  }

  Output<K, Change<VIn>>* process(Record<K, Change<VIn>>& record) override {
    Change<VOut> change;
    // Moves from the record's value. The old value is a separate object.
    change.new_value = compute_(record.key, std::move(record.value.new_value));
    change.is_latest = record.value.is_latest;
    if (state_->send_old_values) {
      // With a store its value is the old one. Without, compute the parent's old value again.
      change.old_value = store_ ? store_.value(record.key) : compute_(record.key, std::move(record.value.old_value));
    }
    if constexpr (Compute::kFilters) {
      // The key was not in the result before and is not now: nothing to tell downstream.
      const bool empty = !change.new_value && !change.old_value;
      if (empty && state_->send_old_values && !state_->parent_versioned) return nullptr;
    }
    // The record's key and headers move into the result: this node needs them no more.
    Record<K, Change<VOut>> result{std::move(record.key), std::move(change), record.timestamp,
                                   std::move(record.headers)};
    if (!store_) {
      this->forward(result);
      return nullptr;
    }
    // The headers were moved into `result`. Use them as the current record's headers, for what leaves the store's
    // cache. The changelog records of this store have no headers.
    const RecordScope scope(this->task(), result.timestamp, result.headers);
    const auto put = store_.put(result.key, result.value.new_value, result.timestamp);
    // Older than the history of a versioned store: the table has not changed.
    if (!put.stored) return nullptr;
    result.value.is_latest = put.is_latest;
    forwarder_.maybe_forward(std::move(result));
    return nullptr;
  }
  void close() override { compute_.close(); }

 private:
  Compute compute_;
  std::shared_ptr<const DerivedTableState> state_;
  TableStore<K, VOut> store_;
  TableForwarder<K, VOut> forwarder_;
};

/// The parts of the Compute interface that most operators do not need. kFilters: the operator may drop a value.
struct StatelessCompute {
  static constexpr bool kFilters = false;
  void init(TaskContext& /*task*/, const NodeBase& /*node*/) {}
  void close() {}
};

/// The operator of filter and filter_not.
template <class K, class V, class F>
struct FilterCompute : StatelessCompute {
  static constexpr bool kFilters = true;

  FilterCompute(F the_predicate, bool keep) : predicate(std::move(the_predicate)), keep_if(keep) {}
  [[nodiscard]] FilterCompute copy() const { return *this; }

  std::optional<V> operator()(const K& key, std::optional<V>&& value) {
    if (value && static_cast<bool>(call(predicate, key, std::as_const(*value))) != keep_if) value.reset();
    return std::move(value);
  }
  /// For a getter: the value was written at `timestamp`.
  std::optional<V> look_up(const K& key, std::optional<V>&& value, Timestamp /*timestamp*/) {
    return (*this)(key, std::move(value));
  }

  F predicate;
  bool keep_if;
};

/// The operator of map_values. A deletion stays a deletion; the mapper does not see it.
template <class K, class V, class VOut, class F>
struct MapValuesCompute : StatelessCompute {
  explicit MapValuesCompute(F the_mapper) : mapper(std::move(the_mapper)) {}
  [[nodiscard]] MapValuesCompute copy() const { return *this; }

  std::optional<VOut> operator()(const K& key, std::optional<V>&& value) {
    if (!value) return std::nullopt;
    return std::optional<VOut>(call(mapper, key, std::move(*value)));
  }
  std::optional<VOut> look_up(const K& key, std::optional<V>&& value, Timestamp /*timestamp*/) {
    return (*this)(key, std::move(value));
  }

  F mapper;
};

/// The operator of transform_values. (Kafka Streams: `KTableTransformValues`.) Only a copy() has a transformer; the
/// object of the build phase has none.
template <class K, class V, class VOut, class Supplier>
struct TransformCompute {
  static constexpr bool kFilters = false;

  explicit TransformCompute(Supplier the_supplier) : supplier(std::move(the_supplier)) {}
  [[nodiscard]] TransformCompute copy() const {
    TransformCompute result(supplier);
    result.transformer = result.supplier();
    return result;
  }

  void init(TaskContext& the_task, const NodeBase& node) {
    task = &the_task;
    // A getter has only a const reference to the node that asks, because it must not change that node. The node itself
    // is not const, so the cast is safe. schedule() through the context does not change the node either.
    context = std::make_unique<ProcessingContext>(the_task, const_cast<NodeBase&>(node));
    transformer->init(*context);
  }
  // Unlike a mapper, a transformer sees deletions, as a null pointer.
  std::optional<VOut> operator()(const K& key, std::optional<V>&& value) {
    return transformer->transform(key, value ? &*value : nullptr);
  }
  /// During a look-up the transformer sees the record that wrote the value as the current record: its timestamp,
  /// without position and headers.
  std::optional<VOut> look_up(const K& key, std::optional<V>&& value, Timestamp timestamp) {
    const RecordScope scope(*task, {.timestamp = timestamp});
    return (*this)(key, std::move(value));
  }
  void close() {
    if (transformer) transformer->close();
  }

  Supplier supplier;
  std::unique_ptr<ValueTransformerWithKey<K, V, VOut>> transformer;
  std::unique_ptr<ProcessingContext> context;
  TaskContext* task = nullptr;
};

}  // namespace millrace::detail
