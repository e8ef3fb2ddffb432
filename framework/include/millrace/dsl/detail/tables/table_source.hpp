// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/graph.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

/// What is known of a source table. Operators that are added later may still change it, so nodes share it with the
/// table. Complete when the topology is written.
struct TableSourceState {
  std::string store_name;
  std::shared_ptr<const StoreBuilder> store;  ///< null: there is no serde for a store
  bool versioned = false;                     ///< the store keeps the history of each key
  bool materialized = false;                  ///< the table needs its store
  bool send_old_values = false;               ///< an operator downstream needs old values

  /// The table's store, if it needs one. Throws TopologyException if there is no serde for it. `table`: the table's
  /// name for the message.
  [[nodiscard]] std::vector<std::shared_ptr<const StoreBuilder>> stores(const std::string& table) const {
    if (!materialized) return {};
    if (!store) {
      throw TopologyException("table '" + table +
                              "' must be kept in a store for what follows it, but there is no serde for its values: "
                              "give it a Materialized with serdes");
    }
    return {store};
  }
};

/// A table that is filled by records of a topic or stream. It has a store if the user has named one, or if an operator
/// downstream needs it. (Kafka Streams: `KTableSource`.)
template <class K, class V>
class SourceTable final : public TableProcessor<K, V> {
 public:
  explicit SourceTable(TableSourceState state) : state_(detail::share<TableSourceState>(std::move(state))) {}

  [[nodiscard]] std::unique_ptr<TableValueGetter<K, V>> make_getter() const override {
    return make_as<TableValueGetter<K, V>, StoreGetter<K, V>>(state_->store_name);
  }
  [[nodiscard]] std::vector<std::string> getter_stores() const override {
    // An operator that asks for the store makes it necessary.
    state_->materialized = true;
    return {state_->store_name};
  }
  bool enable_sending_old_values(bool force) override {
    // Old values are read from the store. Without `force` no store is made for them.
    if (!force && !state_->materialized) return false;
    state_->materialized = true;
    return state_->send_old_values = true;
  }
  [[nodiscard]] bool versioned() const override { return state_->versioned; }

  [[nodiscard]] std::shared_ptr<const TableSourceState> state() const { return state_; }

 private:
  std::shared_ptr<TableSourceState> state_;
};

/// The node of a source table: makes each record an update of the table. KIn and VIn are nullable, the table's types
/// are not.
template <class KIn, class VIn>
class TableSourceNode final : public OperatorNode<KIn, VIn, NonNull<KIn>, Change<NonNull<VIn>>> {
  using K = NonNull<KIn>;
  using V = NonNull<VIn>;

 public:
  explicit TableSourceNode(std::shared_ptr<const TableSourceState> state) : state_(std::move(state)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    if (!state_->materialized) return;
    store_.init(task, *this, state_->store_name);
    forwarder_.init(task, this->output(), store_.store(), state_->send_old_values);
  }

  Output<KIn, VIn>* process(Record<KIn, VIn>& record) override {
    if (is_null(record.key)) {
      this->task().record_dropped(*this, DropReason::null_key);
      return nullptr;
    }
    // A new record: its types differ from the input's.
    Record<K, Change<V>> update{non_null(record.key), {}, record.timestamp, record.headers};
    // A null value becomes nullopt, which deletes the row.
    update.value.new_value = std::optional<V>(std::move(record.value));
    if (!store_) {
      this->forward(update);
      return nullptr;
    }
    // Read the old value even if no operator needs it. Kafka Streams does so too, and the read decides which entry a
    // cache evicts next.
    update.value.old_value = store_.value(update.key);
    const auto put = store_.put(update.key, update.value.new_value, record.timestamp);
    if (!put.stored) return nullptr;
    update.value.is_latest = put.is_latest;
    forwarder_.maybe_forward(std::move(update));
    return nullptr;
  }

 private:
  std::shared_ptr<const TableSourceState> state_;
  TableStore<K, V> store_;
  TableForwarder<K, V> forwarder_;
};

/// Writes the node of a source table, and its store if it needs one.
template <class KIn, class VIn>
[[nodiscard]] auto write_table_source(std::shared_ptr<const TableSourceState> state) {
  return [state = std::move(state)](const GraphNode& node, TopologyBuilder& builder) {
    builder.add_processor(
        node.name, [state] { return detail::make_node<TableSourceNode<KIn, VIn>>(state); }, node.parent_names());
    for (const auto& store : state->stores(node.name)) builder.add_state_store(store, {node.name});
  };
}

}  // namespace millrace::detail
