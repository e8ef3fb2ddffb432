// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

/// A pointer to the value; null for nullopt.
template <class T>
[[nodiscard]] const T* pointer_to(const std::optional<T>& value) {
  return value ? &*value : nullptr;
}

/// Calls the user's joiner with the values of two tables. A value may be absent if the kind of join allows it.
template <bool LeftMayBeAbsent, bool RightMayBeAbsent, class K, class VL, class VR, class VOut, class F>
struct TableJoiner {
  static constexpr bool kLeftMayBeAbsent = LeftMayBeAbsent;
  static constexpr bool kRightMayBeAbsent = RightMayBeAbsent;
  using Left = VL;
  using Right = VR;

  F joiner;

  // nullopt as result deletes the row.
  std::optional<VOut> operator()(const K& key, const std::optional<VL>& left, const std::optional<VR>& right) {
    return std::optional<VOut>(
        call_joiner<LeftMayBeAbsent, RightMayBeAbsent>(joiner, key, pointer_to(left), pointer_to(right)));
  }
};

/// What the nodes of a table-table join know. Operators that are added later may still change it, so nodes share it
/// with the table. Complete when the topology is written.
struct TableJoinState {
  std::string store;  ///< empty: the result has no store
  bool send_old_values = false;
};

/// One side of a table-table join. For each change it looks up the other table's value. (Kafka Streams:
/// `KTableKTableInnerJoin`, `...LeftJoin`, `...RightJoin`, `...OuterJoin`.)
///
/// The result's timestamp is the larger one of the two values. Each task has its own node and its own joiner.
template <bool IsLeft, class K, class VOut, class Joiner>
class TableJoinNode final
    : public OperatorNode<K, Change<std::conditional_t<IsLeft, typename Joiner::Left, typename Joiner::Right>>, K,
                          Change<VOut>> {
  using VThis = std::conditional_t<IsLeft, typename Joiner::Left, typename Joiner::Right>;
  using VOther = std::conditional_t<IsLeft, typename Joiner::Right, typename Joiner::Left>;
  static constexpr bool kThisMayBeAbsent = IsLeft ? Joiner::kLeftMayBeAbsent : Joiner::kRightMayBeAbsent;
  static constexpr bool kOtherMayBeAbsent = IsLeft ? Joiner::kRightMayBeAbsent : Joiner::kLeftMayBeAbsent;

 public:
  /// `versioned`: this side's table is versioned, so changes of older versions must not update the result.
  TableJoinNode(Joiner joiner, std::unique_ptr<TableValueGetter<K, VOther>> other, bool versioned,
                std::shared_ptr<const TableJoinState> state)
      : joiner_(std::move(joiner)), other_(std::move(other)), versioned_(versioned), state_(std::move(state)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    other_->init(task, *this);
  }
  void close() override { other_->close(); }

  Output<K, Change<VThis>>* process(Record<K, Change<VThis>>& record) override {
    const Change<VThis>& change = record.value;
    if (versioned_ && !change.is_latest) {
      this->task().record_dropped(*this, DropReason::older_version);
      return nullptr;
    }
    // The latest value, also of a versioned table: the result is a table of latest values.
    const auto found = other_->get(record.key);
    // An inner join has no result without the other value. An outer join has none if this side has no value either.
    if (!found && (!kOtherMayBeAbsent || (!change.new_value && !change.old_value))) return nullptr;

    Timestamp timestamp = record.timestamp;
    std::optional<VOther> other;
    if (found) {
      timestamp = std::max(timestamp, found->timestamp);
      other = found->value;
    }
    Change<VOut> result;
    result.is_latest = change.is_latest;
    // The other table's value has not changed, so old and new result differ in this side's value only.
    result.new_value = join(record.key, change.new_value, other);
    if (state_->send_old_values) result.old_value = join(record.key, change.old_value, other);
    this->forward(
        Record<K, Change<VOut>>{std::move(record.key), std::move(result), timestamp, std::move(record.headers)});
    return nullptr;
  }

 private:
  // nullopt if this kind of join has no result for these values. nullopt as new value deletes the result's row.
  std::optional<VOut> join(const K& key, const std::optional<VThis>& mine, const std::optional<VOther>& other) {
    if (!mine && !(kThisMayBeAbsent && other)) return std::nullopt;
    if constexpr (IsLeft) {
      return joiner_(key, mine, other);
    } else {
      return joiner_(key, other, mine);
    }
  }

  Joiner joiner_;
  std::unique_ptr<TableValueGetter<K, VOther>> other_;
  bool versioned_;
  std::shared_ptr<const TableJoinState> state_;
};

/// Takes the results of both sides and stores them, if the result has a store. Both sides forward to this node, so
/// operators downstream have one parent. (Kafka Streams: `KTableKTableJoinMerger`.)
template <class K, class V>
class TableJoinMergeNode final : public OperatorNode<K, Change<V>, K, Change<V>> {
 public:
  explicit TableJoinMergeNode(std::shared_ptr<const TableJoinState> state) : state_(std::move(state)) {}

  // Without a store the results pass through.
  void init(TaskContext& task) override {
    NodeBase::init(task);
    if (state_->store.empty()) return;
    store_.init(task, *this, state_->store);
    forwarder_.init(task, this->output(), store_.store(), state_->send_old_values);
  }

  Output<K, Change<V>>* process(Record<K, Change<V>>& record) override {
    if (!store_) {
      // The sides send old values if any operator asks for them; operators that did not ask must not see them.
      if (!state_->send_old_values) record.value.old_value.reset();
      return &this->output();
    }
    const auto put = store_.put(record.key, record.value.new_value, record.timestamp);
    // Older than the history of a versioned store: the table has not changed.
    if (!put.stored) return nullptr;
    record.value.is_latest = put.is_latest;
    // If the store has a cache, the result is forwarded when it leaves the cache.
    forwarder_.maybe_forward(std::move(record));
    return nullptr;
  }

 private:
  std::shared_ptr<const TableJoinState> state_;
  TableStore<K, V> store_;
  TableForwarder<K, V> forwarder_;
};

/// The table that results from a table-table join. A part of the build phase; getters are what tasks use.
template <class K, class VOut, class Joiner>
class JoinedTable final : public TableProcessor<K, VOut> {
  using VL = typename Joiner::Left;
  using VR = typename Joiner::Right;

 public:
  JoinedTable(std::shared_ptr<TableProcessor<K, VL>> left, std::shared_ptr<TableProcessor<K, VR>> right, Joiner joiner,
              std::string store, bool versioned)
      : left_(std::move(left)), right_(std::move(right)), joiner_(std::move(joiner)), versioned_(versioned) {
    // Empty: the result has no store, and getters compute its values.
    state_->store = std::move(store);
  }

  [[nodiscard]] std::unique_ptr<TableValueGetter<K, VOut>> make_getter() const override {
    if (!state_->store.empty()) return make_as<TableValueGetter<K, VOut>, StoreGetter<K, VOut>>(state_->store);
    return make_as<TableValueGetter<K, VOut>, Getter>(left_->make_getter(), right_->make_getter(), joiner_);
  }
  [[nodiscard]] std::vector<std::string> getter_stores() const override {
    if (!state_->store.empty()) return {state_->store};
    auto stores = left_->getter_stores();
    for (auto& store : right_->getter_stores()) {
      if (std::ranges::find(stores, store) == stores.end()) stores.push_back(std::move(store));
    }
    return stores;
  }
  // The old result is computed from old values, so both sides must send them.
  bool enable_sending_old_values(bool /*force*/) override {
    left_->enable_sending_old_values(true);
    right_->enable_sending_old_values(true);
    return state_->send_old_values = true;
  }
  [[nodiscard]] bool versioned() const override { return versioned_; }

  /// For the nodes. They read it after the topology is written.
  [[nodiscard]] std::shared_ptr<const TableJoinState> state() const { return state_; }

 private:
  /// Computes the joined value from both tables, for results without a store. Each reader has its own copy of the
  /// joiner.
  class Getter final : public TableValueGetter<K, VOut> {
   public:
    Getter(std::unique_ptr<TableValueGetter<K, VL>> left, std::unique_ptr<TableValueGetter<K, VR>> right, Joiner joiner)
        : left_(std::move(left)), right_(std::move(right)), joiner_(std::move(joiner)) {}
    void init(TaskContext& task, const NodeBase& node) override {
      left_->init(task, node);
      right_->init(task, node);
    }
    void close() override {
      left_->close();
      right_->close();
    }
    // As in Kafka Streams, the result's timestamp is the larger of the two.
    [[nodiscard]] std::optional<ValueAndTimestamp<VOut>> get(const K& key) override {
      auto left = left_->get(key);
      // An inner join needs both values, a left join the left one.
      if (!left && !Joiner::kLeftMayBeAbsent) return std::nullopt;
      auto right = right_->get(key);
      if (!right && !Joiner::kRightMayBeAbsent) return std::nullopt;
      if (!left && !right) return std::nullopt;
      Timestamp timestamp = kNoTimestamp;
      std::optional<VL> left_value;
      std::optional<VR> right_value;
      if (left) {
        timestamp = std::max(timestamp, left->timestamp);
        left_value = std::move(left->value);
      }
      if (right) {
        timestamp = std::max(timestamp, right->timestamp);
        right_value = std::move(right->value);
      }
      auto value = joiner_(key, left_value, right_value);
      if (!value) return std::nullopt;
      return ValueAndTimestamp<VOut>{std::move(*value), timestamp};
    }

   private:
    std::unique_ptr<TableValueGetter<K, VL>> left_;
    std::unique_ptr<TableValueGetter<K, VR>> right_;
    Joiner joiner_;
  };

  std::shared_ptr<TableProcessor<K, VL>> left_;
  std::shared_ptr<TableProcessor<K, VR>> right_;
  Joiner joiner_;
  bool versioned_;
  std::shared_ptr<TableJoinState> state_ = detail::share<TableJoinState>();
};

}  // namespace millrace::detail
