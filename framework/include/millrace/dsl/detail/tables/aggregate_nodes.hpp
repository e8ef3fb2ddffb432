// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/tables/table_store.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

/// Aggregates the records of each key into a table. count, reduce and aggregate are this node with different `Fold`s.
/// (Kafka Streams: `KStreamAggregate`, `KStreamReduce`.)
///
/// A Fold has two functions. `optional<VA> initial()` returns the aggregate before the first record. nullopt means that
/// the first value becomes the aggregate, as in reduce. `optional<VA> next(key, value, optional<VA>)` returns the new
/// aggregate; nullopt deletes the key.
///
/// Each task has its own node with its own copy of the Fold. `send_old_values` is final when the topology is written.
template <class K, class V, class VA, class Fold>
class AggregateNode final : public OperatorNode<K, V, NonNull<K>, Change<VA>> {
  using Key = NonNull<K>;

 public:
  AggregateNode(std::string store, Fold fold, std::shared_ptr<const bool> send_old_values)
      : store_name_(std::move(store)), fold_(std::move(fold)), send_old_values_(std::move(send_old_values)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    store_.init(task, *this, store_name_);
    forwarder_.init(task, this->output(), store_.store(), *send_old_values_);
  }

  Output<K, V>* process(Record<K, V>& record) override {
    if (is_null(record.key) || is_null(record.value)) {
      this->task().record_dropped(*this, is_null(record.key) ? DropReason::null_key : DropReason::null_value);
      return nullptr;
    }
    const Key& key = non_null(record.key);
    auto stored = store_.get(key);
    Timestamp timestamp = record.timestamp;
    std::optional<VA> old_value;
    if (stored) {
      // As in Kafka Streams, the aggregate's timestamp never goes back.
      timestamp = std::max(timestamp, stored->timestamp);
      old_value = std::move(stored->value);
    } else {
      old_value = fold_.initial();
    }
    // Copy the old value before the user function may move from it.
    std::optional<VA> kept_old;
    if (*send_old_values_) kept_old = old_value;
    std::optional<VA> new_value = fold_.next(key, non_null(record.value), std::move(old_value));
    const auto put = store_.put(key, new_value, timestamp);
    // Older than the history of a versioned store: the table has not changed.
    if (!put.stored) return nullptr;
    forwarder_.maybe_forward(Record<Key, Change<VA>>{
        key, {std::move(new_value), std::move(kept_old), put.is_latest}, timestamp, std::move(record.headers)});
    return nullptr;
  }

 private:
  std::string store_name_;
  Fold fold_;
  // Shared with the table. Final when the topology is written.
  std::shared_ptr<const bool> send_old_values_;
  TableStore<Key, VA> store_;
  TableForwarder<Key, VA> forwarder_;
};

/// The fold of count.
template <class K, class V>
struct CountFold {
  // The type that the fold takes; windows use it.
  using Value = V;
  std::optional<std::int64_t> initial() { return 0; }
  std::optional<std::int64_t> next(const K&, const V&, std::optional<std::int64_t> count) { return *count + 1; }
};

/// The fold of reduce. The reducer returns a value, or a std::optional of it; nullopt deletes. V may be nullable (in
/// windows).
template <class K, class V, class Reducer>
struct ReduceFold {
  using Value = V;
  using Aggregate = std::optional<NonNull<V>>;

  Reducer reducer;
  Aggregate initial() { return std::nullopt; }
  Aggregate next(const K&, const V& value, Aggregate aggregate) {
    if (!aggregate) return value;
    return Aggregate(reducer(std::as_const(*aggregate), value));
  }
};

/// The fold of aggregate. Initializer and aggregator return VA or std::optional<VA>; nullopt deletes. The aggregator
/// gets what the initializer returns.
template <class K, class V, class VA, class Initializer, class Aggregator>
struct AggregateFold {
  using Value = V;
  /// The aggregate's type in user functions: VA or std::optional<VA>.
  using Given = std::remove_cvref_t<std::invoke_result_t<Initializer&>>;

  Initializer initializer;
  Aggregator aggregator;
  std::optional<VA> initial() { return std::optional<VA>(initializer()); }
  std::optional<VA> next(const K& key, const V& value, std::optional<VA> aggregate) {
    // `aggregate` has a value: initial() and stored aggregates are never nullopt then.
    if constexpr (std::is_same_v<Given, VA>) {
      return std::optional<VA>(aggregator(key, value, std::move(*aggregate)));
    } else {
      return std::optional<VA>(aggregator(key, value, std::move(aggregate)));
    }
  }
};

/// The node of to_stream(): passes on the new value of each update. Old values end here.
template <class K, class V>
class TableToStreamNode final : public OperatorNode<K, Change<V>, K, std::optional<V>> {
 public:
  Output<K, Change<V>>* process(Record<K, Change<V>>& record) override {
    this->forward_lent(record.headers,
                       Record<K, std::optional<V>>{std::move(record.key), std::move(record.value.new_value),
                                                   record.timestamp, std::move(record.headers)});
    return nullptr;
  }
};

}  // namespace millrace::detail
