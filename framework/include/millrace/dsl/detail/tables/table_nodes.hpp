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

/// What the nodes of a table made from another one need to know; complete once the topology is.
struct DerivedTableState {
  std::string store;  ///< empty: values are computed from the parent's whenever they are asked for
  bool send_old_values = false;
  bool parent_versioned = false;
};

/// A table made from another one, value by value. `Compute` is the operator: it makes for each user its own `copy()`,
/// which is given the value (or none) of a key and returns the new one.
template <class K, class VIn, class VOut, class Compute>
class DerivedTable final : public TableProcessor<K, VOut> {
 public:
  /// `versioned`: whether it has a store that is; nullopt: no store was described, so the parent's answer holds.
  DerivedTable(std::shared_ptr<TableProcessor<K, VIn>> parent, Compute compute, std::string store,
               std::optional<bool> versioned)
      : parent_(std::move(parent)),
        compute_(std::move(compute)),
        versioned_(versioned),
        state_(detail::share<DerivedTableState>()) {
    state_->store = std::move(store);
    state_->parent_versioned = parent_->versioned();
    // With the old value at no price, a filter can tell whether a tombstone is news.
    if constexpr (Compute::kFilters) state_->send_old_values = parent_->enable_sending_old_values(false);
  }

  [[nodiscard]] std::unique_ptr<TableValueGetter<K, VOut>> make_getter() const override {
    if (!state_->store.empty()) return make_as<TableValueGetter<K, VOut>, StoreGetter<K, VOut>>(state_->store);
    return make_as<TableValueGetter<K, VOut>, Getter>(parent_->make_getter(), compute_);
  }
  [[nodiscard]] std::vector<std::string> getter_stores() const override {
    if (!state_->store.empty()) return {state_->store};
    return parent_->getter_stores();
  }
  bool enable_sending_old_values(bool force) override {
    if (!state_->store.empty() || parent_->enable_sending_old_values(force)) state_->send_old_values = true;
    return state_->send_old_values;
  }
  [[nodiscard]] bool versioned() const override { return versioned_.value_or(parent_->versioned()); }

  [[nodiscard]] std::shared_ptr<const DerivedTableState> state() const { return state_; }

 private:
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
    [[nodiscard]] bool is_versioned() const override { return parent_->is_versioned(); }
    [[nodiscard]] std::optional<ValueAndTimestamp<VOut>> get(const K& key, Timestamp as_of) override {
      return compute(key, parent_->get(key, as_of));
    }

   private:
    std::optional<ValueAndTimestamp<VOut>> compute(const K& key, std::optional<ValueAndTimestamp<VIn>> found) {
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

/// The node of such a table.
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
    change.new_value = compute_(record.key, std::move(record.value.new_value));
    change.is_latest = record.value.is_latest;
    if (state_->send_old_values) {
      change.old_value = store_ ? store_.value(record.key) : compute_(record.key, std::move(record.value.old_value));
    }
    if constexpr (Compute::kFilters) {
      const bool empty = !change.new_value && !change.old_value;
      if (empty && state_->send_old_values && !state_->parent_versioned) return nullptr;
    }
    Record<K, Change<VOut>> result{std::move(record.key), std::move(change), record.timestamp,
                                   std::move(record.headers)};
    if (!store_) {
      this->forward(result);
      return nullptr;
    }
    // The headers have moved: the store's changelog has none anyway, and what leaves its cache gets these.
    const RecordScope scope(this->task(), result.timestamp, result.headers);
    const auto put = store_.put(result.key, result.value.new_value, result.timestamp);
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

/// What most operators need of the interface that DerivedTable asks for.
struct StatelessCompute {
  static constexpr bool kFilters = false;
  void init(TaskContext& /*task*/, const NodeBase& /*node*/) {}
  void close() {}
};

/// filter and filter_not.
template <class K, class V, class F>
struct FilterCompute : StatelessCompute {
  static constexpr bool kFilters = true;

  FilterCompute(F the_predicate, bool keep) : predicate(std::move(the_predicate)), keep_if(keep) {}
  [[nodiscard]] FilterCompute copy() const { return *this; }

  std::optional<V> operator()(const K& key, std::optional<V>&& value) {
    if (value && static_cast<bool>(call(predicate, key, std::as_const(*value))) != keep_if) value.reset();
    return std::move(value);
  }
  std::optional<V> look_up(const K& key, std::optional<V>&& value, Timestamp /*timestamp*/) {
    return (*this)(key, std::move(value));
  }

  F predicate;
  bool keep_if;
};

/// map_values.
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

/// transform_values. (Kafka Streams: `KTableTransformValues`.)
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
    // Nodes are made non-const; those that look values up promise not to change theirs, which schedule() does not do.
    context = std::make_unique<ProcessingContext>(the_task, const_cast<NodeBase&>(node));
    transformer->init(*context);
  }
  std::optional<VOut> operator()(const K& key, std::optional<V>&& value) {
    return transformer->transform(key, value ? &*value : nullptr);
  }
  /// As far as the transformer can see, the record is the one that wrote the value.
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
