// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/dsl/detail/joins/grace_buffer.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/kept_time.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

/// The key selector of joins with a table of the same key: the record's own key.
struct OwnKey {
  template <class K, class V>
  const K& operator()(const K& key, const V& /*value*/) const {
    return key;  // NOLINT(bugprone-return-const-ref-from-parameter): of the record, which outlives the call
  }
};

/// Joins each record with the table's value at that moment. `Select` computes the table's key from the record's key and
/// value. (Kafka Streams: `KStreamKTableJoinProcessor`.)
///
/// Not a node: the two nodes below contain it, one without and one with a grace period. One per task.
template <bool Left, class K, class V, class KT, class VT, class VOut, class Select, class F>
class StreamTableJoin {
 public:
  StreamTableJoin(Select select, F joiner, std::unique_ptr<TableValueGetter<KT, VT>> table)
      : select_(std::move(select)), joiner_(std::move(joiner)), table_(std::move(table)) {}

  /// Called by the node's init() and close().
  void init(TaskContext& task, const NodeBase& node) {
    task_ = &task;
    table_->init(task, node);
  }
  void close() { table_->close(); }
  [[nodiscard]] bool table_is_versioned() const { return table_->is_versioned(); }

  /// True if the record takes part in the join. A null value never does. A null key does in a left join only.
  [[nodiscard]] bool takes(const Record<K, V>& record) {
    return !is_null(record.value) && (Left || !is_null(call(select_, record.key, record.value, *task_)));
  }

  /// The joined value; nullopt if there is none.
  [[nodiscard]] std::optional<VOut> join(const Record<K, V>& record) {
    std::optional<ValueAndTimestamp<VT>> found;
    // A reference extends the life of a temporary result of the selector.
    const auto& key = call(select_, record.key, record.value, *task_);
    // A versioned table is read as of the record's time, other tables have the latest value only.
    if (!is_null(key)) {
      found = table_->is_versioned() ? table_->get(non_null(key), record.timestamp) : table_->get(non_null(key));
    }
    // An inner join needs the table's value. A left join passes nullptr to the joiner.
    if (!Left && !found) return std::nullopt;
    const auto* const right = found ? &found->value : nullptr;
    if constexpr (std::is_same_v<Select, OwnKey>) {
      return call_joiner<false, Left>(joiner_, record.key, &non_null(record.value), right);
    } else if constexpr (Left) {
      return call_global_joiner<true>(joiner_, record.key, key, &non_null(record.value), right);
    } else {
      return call_global_joiner<false>(joiner_, record.key, non_null(key), &non_null(record.value), right);
    }
  }

 private:
  const TaskContext* task_ = nullptr;  ///< set by init()
  Select select_;
  F joiner_;
  std::unique_ptr<TableValueGetter<KT, VT>> table_;
};

/// The node of a stream-table join without a grace period.
template <class K, class V, class VOut, class Join>
class StreamTableJoinNode final : public OperatorNode<K, V, K, VOut> {
 public:
  explicit StreamTableJoinNode(Join join) : join_(std::move(join)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    join_.init(task, *this);
  }
  void close() override { join_.close(); }

  Output<K, V>* process(Record<K, V>& record) override {
    if (!join_.takes(record)) {
      this->task().record_dropped(*this, is_null(record.value) ? DropReason::null_value : DropReason::null_join_key);
      return nullptr;
    }
    if (auto value = join_.join(record)) {
      // The headers are moved into the result and come back if a sink fails: see forward_lent().
      this->forward_lent(record.headers, Record<K, VOut>{std::move(record.key), std::move(*value), record.timestamp,
                                                         std::move(record.headers)});
    }
    return nullptr;
  }

 private:
  Join join_;
};

/// The node of a stream-table join with a grace period: records wait until the table has reached their time.
template <class K, class V, class VOut, class Join>
class GracedStreamTableJoinNode final : public OperatorNode<K, V, K, VOut> {
  using Key = NonNull<K>;
  using Value = NonNull<V>;

 public:
  /// `buffer`: the store's name. The serdes encode the records that wait.
  GracedStreamTableJoinNode(Join join, std::string buffer, AnySerde<Key> keys, AnySerde<Value> values)
      : join_(std::move(join)), buffer_name_(std::move(buffer)), keys_(std::move(keys)), values_(std::move(values)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    join_.init(task, *this);
    keys_.prepare(task.serdes(), true);
    values_.prepare(task.serdes(), false);
    // Checks the store that the task really has. The build phase has checked its builder.
    if (!join_.table_is_versioned()) {
      throw TopologyException("'" + this->name() +
                              "' has a grace period, but its table is not versioned: give the "
                              "table Materialized::as_versioned");
    }
    buffer_ = &typed_store<GraceBuffer>(task, *this, buffer_name_);
    task.keep_time(*this, kept_time_name(buffer_name_, "stream time"), buffer_->stream_time());
  }
  void close() override { join_.close(); }

  Output<K, V>* process(Record<K, V>& record) override {
    if (!join_.takes(record)) {
      this->task().record_dropped(*this, is_null(record.value) ? DropReason::null_value : DropReason::null_join_key);
      return nullptr;
    }
    // The buffer sorts by key bytes, and a null key has none.
    if (is_null(record.key)) {
      throw StreamsException("'" + this->name() + "': a record without key cannot wait for the table");
    }
    std::string key;
    std::string value;
    // The serdes get the node's name as their topic.
    (void)keys_.serialize(this->name(), non_null(record.key), key);
    (void)values_.serialize(this->name(), non_null(record.value), value);
    if (!buffer_->put(key, std::move(value), BufferedContext::of(this->task().current_record()))) {
      // So late that the table is past the record's time already.
      emit(record);
      return nullptr;
    }
    // The new record may have moved stream time, so others may be due, or this one itself.
    buffer_->release([this](std::string_view waiting_key, const BufferedValue& waiting) {
      Record<K, V> released{keys_.deserialize(this->name(), waiting_key),
                            values_.deserialize(this->name(), std::string_view(*waiting.new_value)),
                            waiting.context.timestamp, waiting.context.headers};
      // The waiting record, not the one that released it, is the current record during the join.
      const BufferedScope scope(this->task(), waiting.context);
      emit(released);
    });
    return nullptr;
  }

 private:
  // Joins the record with the table as of the record's time.
  void emit(Record<K, V>& record) {
    if (auto value = join_.join(record)) {
      this->forward_lent(record.headers, Record<K, VOut>{std::move(record.key), std::move(*value), record.timestamp,
                                                         std::move(record.headers)});
    }
  }

  Join join_;
  std::string buffer_name_;
  AnySerde<Key> keys_;
  AnySerde<Value> values_;
  GraceBuffer* buffer_ = nullptr;
};

}  // namespace millrace::detail
