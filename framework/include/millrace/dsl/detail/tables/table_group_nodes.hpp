// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/tables/change_serde.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

/// True if two keys are equal. Compares their bytes if the type has no ==. Java uses equals().
template <class T>
[[nodiscard]] bool same_value(const T& a, const T& b, const AnySerde<T>& serde) {
  if constexpr (std::equality_comparable<T>) {
    return a == b;
  } else {
    std::string bytes_a;
    std::string bytes_b;
    return serde.serialize("", a, bytes_a) == serde.serialize("", b, bytes_b) && bytes_a == bytes_b;
  }
}

/// Sends each change of a table to its group. If the change moves a row to another group, it sends two records: the old
/// value to the old group, the new value to the new group. (Kafka Streams: `KTableRepartitionMap`.)
template <class K, class V, class K1, class V1, class F>
class TableRegroupNode final : public OperatorNode<K, Change<V>, K1, Change<V1>> {
 public:
  TableRegroupNode(F selector, bool versioned, AnySerde<K1> keys)
      : selector_(std::move(selector)), versioned_(versioned), keys_(std::move(keys)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    keys_.prepare(task.serdes(), true);
  }

  Output<K, Change<V>>* process(Record<K, Change<V>>& record) override {
    // The row in the aggregate is the latest version. An older version must not be subtracted or added.
    if (versioned_ && !record.value.is_latest) return nullptr;
    // The group of the new row, and of the old row.
    auto now = select(record.key, std::move(record.value.new_value));
    auto before = select(record.key, std::move(record.value.old_value));
    // Copies the headers: there may be two records.
    const auto send = [&](K1 key, std::optional<V1> new_value, std::optional<V1> old_value) {
      this->forward(Record<K1, Change<V1>>{std::move(key),
                                           {std::move(new_value), std::move(old_value), record.value.is_latest},
                                           record.timestamp,
                                           record.headers});
    };
    // Old and new group are the same: one record with both values is enough.
    if (now && before && same_value(now->key, before->key, keys_)) {
      send(std::move(now->key), std::move(now->value), std::move(before->value));
      return nullptr;
    }
    // First the old group, then the new one, as in Kafka Streams.
    if (before) send(std::move(before->key), std::nullopt, std::move(before->value));
    if (now) send(std::move(now->key), std::move(now->value), std::nullopt);
    return nullptr;
  }

 private:
  // nullopt: the row is in no group. As in Java, a null key or value from the selector means this.
  std::optional<KeyValue<K1, V1>> select(const K& key, std::optional<V>&& value) {
    if (!value) return std::nullopt;
    auto pair = to_key_value(call(selector_, key, std::as_const(*value)));
    if (is_null(pair.key) || is_null(pair.value)) return std::nullopt;
    return KeyValue<K1, V1>{non_null(pair.key), non_null(pair.value)};
  }

  F selector_;
  bool versioned_;
  AnySerde<K1> keys_;
};

/// Aggregates the rows of a grouped table. First subtracts the old row, then adds the new one. (Kafka Streams:
/// `KTableAggregate`, `KTableReduce`.)
///
/// A Fold has `optional<VA> subtract(key, V, VA)` and `optional<VA> add(key, V, optional<VA>)`. nullopt means that the
/// group has no aggregate. `add_takes_time_of(aggregate)` says if add uses the stored timestamp too.
///
/// Each task has its own node with its own copy of the Fold.
template <class K, class V, class VA, class Fold>
class TableAggregateNode final : public OperatorNode<K, Change<V>, K, Change<VA>> {
 public:
  TableAggregateNode(std::string store, Fold fold, std::shared_ptr<const bool> send_old_values)
      : store_name_(std::move(store)), fold_(std::move(fold)), send_old_values_(std::move(send_old_values)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    store_.init(task, *this, store_name_);
    forwarder_.init(task, this->output(), store_.store(), *send_old_values_);
  }

  Output<K, Change<V>>* process(Record<K, Change<V>>& record) override {
    auto stored = store_.get(record.key);
    std::optional<VA> aggregate;
    Timestamp timestamp = record.timestamp;
    // Copy the old value before the user function may move from it.
    std::optional<VA> kept_old;
    if (stored) {
      if (*send_old_values_) kept_old = stored->value;
      aggregate = std::move(stored->value);
      // A group without an aggregate has no row to subtract.
      if (record.value.old_value) {
        aggregate = fold_.subtract(record.key, *record.value.old_value, std::move(*aggregate));
        timestamp = std::max(timestamp, stored->timestamp);
      }
    }
    if (record.value.new_value) {
      if (stored && fold_.add_takes_time_of(aggregate)) timestamp = std::max(record.timestamp, stored->timestamp);
      aggregate = fold_.add(record.key, std::move(*record.value.new_value), std::move(aggregate));
    }
    Record<K, Change<VA>> result{std::move(record.key), {}, timestamp, std::move(record.headers)};
    // The headers have moved to `result`. Let the store's layers see them there.
    const RecordScope scope(this->task(), record.timestamp, result.headers);
    const auto put = store_.put(result.key, aggregate, timestamp);
    if (!put.stored) return nullptr;
    result.value = {std::move(aggregate), std::move(kept_old), put.is_latest};
    forwarder_.maybe_forward(std::move(result));
    return nullptr;
  }

 private:
  std::string store_name_;
  Fold fold_;
  std::shared_ptr<const bool> send_old_values_;
  TableStore<K, VA> store_;
  TableForwarder<K, VA> forwarder_;
};

/// The fold of count for grouped tables.
template <class K, class V>
struct TableCountFold {
  std::optional<std::int64_t> subtract(const K&, const V&, std::int64_t count) { return count - 1; }
  std::optional<std::int64_t> add(const K&, const V&, std::optional<std::int64_t> count) {
    return count.value_or(0) + 1;
  }
  static bool add_takes_time_of(const std::optional<std::int64_t>&) { return true; }
};

/// The fold of reduce for grouped tables. Adder and subtractor return V, or std::optional<V>; nullopt deletes.
template <class K, class V, class Adder, class Subtractor>
struct TableReduceFold {
  Adder adder;
  Subtractor subtractor;

  std::optional<V> subtract(const K&, const V& value, V aggregate) {
    return std::optional<V>(subtractor(std::as_const(aggregate), value));
  }
  std::optional<V> add(const K&, V value, std::optional<V> aggregate) {
    if (!aggregate) return std::optional<V>(std::move(value));
    return std::optional<V>(adder(std::as_const(*aggregate), std::as_const(value)));
  }
  /// As in Java, a row that starts a new aggregate sets the timestamp, even if the key had an aggregate before.
  static bool add_takes_time_of(const std::optional<V>& aggregate) { return aggregate.has_value(); }
};

/// The fold of aggregate for grouped tables. Initializer, adder and subtractor return VA, or std::optional<VA>; nullopt
/// deletes.
template <class K, class V, class VA, class Initializer, class Adder, class Subtractor>
struct TableAggregateFold {
  using Given = std::remove_cvref_t<std::invoke_result_t<Initializer&>>;

  Initializer initializer;
  Adder adder;
  Subtractor subtractor;

  std::optional<VA> subtract(const K& key, const V& value, VA aggregate) {
    return std::optional<VA>(subtractor(key, value, Given(std::move(aggregate))));
  }
  std::optional<VA> add(const K& key, const V& value, std::optional<VA> aggregate) {
    if (!aggregate) return std::optional<VA>(adder(key, value, initializer()));
    return std::optional<VA>(adder(key, value, Given(std::move(*aggregate))));
  }
  static bool add_takes_time_of(const std::optional<VA>&) { return true; }
};

}  // namespace millrace::detail
