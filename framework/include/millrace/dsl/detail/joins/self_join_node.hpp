// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "millrace/dsl/detail/joins/join_nodes.hpp"

namespace millrace::detail {

/// The join of a stream with itself, with one store instead of two. (Kafka Streams: `KStreamKStreamSelfJoin`.)
///
/// It emits what the two sides of an ordinary join would emit, in the same order. There are no unmatched records,
/// because each record matches itself. The window node before it stores the record afterwards.
template <bool LeftMayBeAbsent, bool RightMayBeAbsent, class K, class V, class VOut, class Joiner>
class SelfJoinNode final : public OperatorNode<K, V, K, VOut> {
  using Key = NonNull<K>;
  using Value = NonNull<V>;

 public:
  SelfJoinNode(std::shared_ptr<const JoinSettings<K, V, V>> settings, const Joiner& joiner)
      : settings_(std::move(settings)), joiner_(joiner) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    store_ = &typed_store<WindowStore<Key, Value>>(task, *this, settings_->left_store);
    time_ = settings_->times->of(task, *this, settings_->left_store);
  }

  Output<K, V>* process(Record<K, V>& record) override {
    if (is_null(record.key) || is_null(record.value)) {
      this->task().record_dropped(*this, is_null(record.key) ? DropReason::null_key : DropReason::null_value);
      return nullptr;
    }
    const Timestamp timestamp = record.timestamp;
    const JoinWindows& windows = settings_->windows;
    time_->advance(timestamp);
    // A record that is too late for the store would not have found itself there. The store keeps windows for size plus
    // grace.
    const std::int64_t retention = saturating_add(windows.size_ms(), windows.grace_ms());
    bool with_itself = timestamp > saturating_add(saturating_sub(time_->stream_time, retention), 1);

    // First as the left side of the join.
    each_match(record, windows.before_ms(), windows.after_ms(), [&](Timestamp other_time, const Value& other) {
      emit(record, non_null(record.value), other, std::max(timestamp, other_time));
    });
    // Then as the right side. The store does not contain the record yet, so its match with itself is inserted by time.
    each_match(record, windows.after_ms(), windows.before_ms(), [&](Timestamp other_time, const Value& other) {
      if (with_itself && other_time > timestamp) {
        with_itself = false;
        emit(record, non_null(record.value), non_null(record.value), timestamp);
      }
      emit(record, other, non_null(record.value), std::max(timestamp, other_time));
    });
    // No stored record is later than this one, so its match with itself is the last.
    if (with_itself) emit(record, non_null(record.value), non_null(record.value), timestamp);
    return nullptr;
  }

 private:
  // Visits the stored records from `back` ms before the record to `ahead` ms after it, in order of time. Both bounds
  // are inclusive.
  template <class Visit>
  void each_match(const Record<K, V>& record, std::int64_t back, std::int64_t ahead, Visit visit) {
    store_->fetch_each(non_null(record.key), std::max<Timestamp>(0, saturating_sub(record.timestamp, back)),
                       std::max<Timestamp>(0, saturating_add(record.timestamp, ahead)),
                       [&](Timestamp time, Value&& value) {
                         visit(time, std::as_const(value));
                         return true;
                       });
  }

  // `cause`: the current record, whose key and headers the result gets.
  void emit(const Record<K, V>& cause, const Value& left, const Value& right, Timestamp timestamp) {
    this->forward(Record<K, VOut>{cause.key,
                                  call_joiner<LeftMayBeAbsent, RightMayBeAbsent>(joiner_, cause.key, &left, &right),
                                  timestamp, cause.headers});
  }

  std::shared_ptr<const JoinSettings<K, V, V>> settings_;
  Joiner joiner_;
  WindowStore<Key, Value>* store_ = nullptr;  // owned by the task
  std::shared_ptr<JoinTime> time_;
};

}  // namespace millrace::detail
