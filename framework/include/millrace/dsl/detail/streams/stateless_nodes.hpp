// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

// These nodes are the stateless operators at run time. One instance per task, used by the task's thread. process()
// returns its output to let the same record go on, which is cheaper than forwarding it; nullptr stops the record.
/// The node of filter (`keep_if` true) and filter_not (`keep_if` false).
template <class K, class V, class F>
class FilterNode final : public OperatorNode<K, V, K, V> {
 public:
  FilterNode(F predicate, bool keep_if) : predicate_(std::move(predicate)), keep_if_(keep_if) {}

  Output<K, V>* process(Record<K, V>& record) override {
    const bool holds = static_cast<bool>(call(predicate_, record.key, std::as_const(record.value), this->task()));
    return holds == keep_if_ ? &this->output() : nullptr;
  }

 private:
  F predicate_;
  bool keep_if_;
};

/// Is before every repartition topic. Records without a key have no defined partition, so most operators do not
/// need them. `drop_null_keys`: decided in build(), see Graph::decide_null_keys().
template <class K, class V>
class NullKeyFilterNode final : public OperatorNode<K, V, K, V> {
 public:
  explicit NullKeyFilterNode(bool drop_null_keys) : drop_null_keys_(drop_null_keys) {}

  Output<K, V>* process(Record<K, V>& record) override {
    return drop_null_keys_ && is_null(record.key) ? nullptr : &this->output();
  }

 private:
  bool drop_null_keys_;
};

/// True if a new value of type T2 can replace the T in a record in place, which is cheaper than a new record.
template <class T, class T2>
inline constexpr bool kReplaceable = std::same_as<T, T2>&& std::is_nothrow_move_constructible_v<T>;

/// Replaces a value by destroying it and constructing a new one. REQUIRES: the construction does not throw, see
/// kReplaceable.
///
/// Move assignment is slower here. That of std::string reads its members in pairs right after they were written one by
/// one, and the CPU then waits for these writes.
template <class T>
void replace(T& old, std::type_identity_t<T>&& by) {
  std::destroy_at(&old);
  std::construct_at(&old, std::move(by));
}

/// The node of map. Moves from the record's value, so `record` is not usable after a new record was made.
template <class K, class V, class K2, class V2, class F>
class MapNode final : public OperatorNode<K, V, K2, V2> {
 public:
  explicit MapNode(F mapper) : mapper_(std::move(mapper)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    // The mapper may move from the value, and must not change the key.
    auto pair = to_key_value(call(mapper_, record.key, std::move(record.value), this->task()));
    if constexpr (kReplaceable<K, K2> && kReplaceable<V, V2>) {
      // The record stays the same object, so its headers need no move.
      replace(record.key, std::move(pair.key));
      replace(record.value, std::move(pair.value));
      return &this->output();
      // The types differ, so a new record is needed. Its headers are lent, and come back after forwarding.
    } else {
      this->forward_lent(record.headers, Record<K2, V2>{std::move(pair.key), std::move(pair.value), record.timestamp,
                                                        std::move(record.headers)});
      return nullptr;
    }
  }

 private:
  F mapper_;
};

/// The node of map_values. If the new value has the same type, the record stays the same object.
template <class K, class V, class V2, class F>
class MapValuesNode final : public OperatorNode<K, V, K, V2> {
 public:
  explicit MapValuesNode(F mapper) : mapper_(std::move(mapper)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    V2 value = call(mapper_, record.key, std::move(record.value), this->task());
    if constexpr (kReplaceable<V, V2>) {
      replace(record.value, std::move(value));
      return &this->output();
    } else {
      this->forward_lent(record.headers, Record<K, V2>{std::move(record.key), std::move(value), record.timestamp,
                                                       std::move(record.headers)});
      return nullptr;
    }
  }

 private:
  F mapper_;
};

/// The node of flat_map. Every result has a copy of the headers, because a sink may need them for each.
template <class K, class V, class K2, class V2, class F>
class FlatMapNode final : public OperatorNode<K, V, K2, V2> {
 public:
  explicit FlatMapNode(F mapper) : mapper_(std::move(mapper)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    // Tells whether the elements may be moved from: see kOwnsElements.
    using Returned = decltype(call(mapper_, record.key, std::move(record.value), this->task()));
    for (auto&& element : call(mapper_, record.key, std::move(record.value), this->task())) {
      auto pair = to_key_value(take_element<Returned>(element));
      // The node keeps the record's headers, because the next element needs them too.
      this->forward(Record<K2, V2>{std::move(pair.key), std::move(pair.value), record.timestamp, record.headers});
    }
    return nullptr;
  }

 private:
  F mapper_;
};

/// The node of flat_map_values. Every result has a copy of the key and the headers.
template <class K, class V, class V2, class F>
class FlatMapValuesNode final : public OperatorNode<K, V, K, V2> {
 public:
  explicit FlatMapValuesNode(F mapper) : mapper_(std::move(mapper)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    using Returned = decltype(call(mapper_, record.key, std::move(record.value), this->task()));
    for (auto&& element : call(mapper_, record.key, std::move(record.value), this->task())) {
      this->forward(Record<K, V2>{record.key, take_element<Returned>(element), record.timestamp, record.headers});
    }
    return nullptr;
  }

 private:
  F mapper_;
};

/// The node of select_key. The selector gets the value as const: the value stays in the record.
template <class K, class V, class K2, class F>
class SelectKeyNode final : public OperatorNode<K, V, K2, V> {
 public:
  explicit SelectKeyNode(F selector) : selector_(std::move(selector)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    // The selector may return a reference into the record, so the result is copied before the key is replaced.
    K2 key = call(selector_, record.key, std::as_const(record.value), this->task());
    if constexpr (kReplaceable<K, K2>) {
      replace(record.key, std::move(key));
      return &this->output();
    } else {
      this->forward_lent(record.headers, Record<K2, V>{std::move(key), std::move(record.value), record.timestamp,
                                                       std::move(record.headers)});
      return nullptr;
    }
  }

 private:
  F selector_;
};

/// The node of peek. The action gets the value as const, so the record goes on unchanged.
template <class K, class V, class F>
class PeekNode final : public OperatorNode<K, V, K, V> {
 public:
  explicit PeekNode(F action) : action_(std::move(action)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    call(action_, record.key, std::as_const(record.value), this->task());
    return &this->output();
  }

 private:
  F action_;
};

/// The node of for_each and print. It has no children.
template <class K, class V, class F>
class ForEachNode final : public TerminalNode<K, V> {
 public:
  explicit ForEachNode(F action) : action_(std::move(action)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    call(action_, record.key, std::as_const(record.value), this->task());
    return nullptr;
  }

 private:
  F action_;
};

/// Passes each record on unchanged: for merge, for each branch of a split, and at the end of a join.
template <class K, class V>
class PassThroughNode final : public OperatorNode<K, V, K, V> {
 public:
  Output<K, V>* process(Record<K, V>& /*record*/) override { return &this->output(); }
};

/// The node of split. A record goes to the first branch whose predicate is true, otherwise to the default branch.
/// Without a default branch it is dropped. Branches are children in the order in which they were declared.
template <class K, class V>
class BranchNode final : public OperatorNode<K, V, K, V> {
 public:
  using Predicate = std::function<bool(const K&, const V&, const TaskContext&)>;

  explicit BranchNode(std::vector<Predicate> predicates) : predicates_(std::move(predicates)) {}

  Output<K, V>* process(Record<K, V>& record) override {
    std::size_t branch = 0;
    // Without a match `branch` is the number of predicates, which is the index of the default branch.
    while (branch < predicates_.size() && !predicates_[branch](record.key, record.value, this->task())) {
      ++branch;
    }
    // Without a default branch the record ends here.
    if (branch < this->output().size()) this->output().forward_at(this->task(), branch, record);
    return nullptr;
  }

 private:
  std::vector<Predicate> predicates_;
};

}  // namespace millrace::detail
