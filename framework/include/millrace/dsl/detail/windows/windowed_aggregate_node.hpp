// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/detail/windows/window_aggregation.hpp"

namespace millrace::detail {

/// The node of a windowed aggregation. It drops records that cannot be aggregated, and passes all others to the
/// aggregation.
///
/// `Fold::Value` is V, or V without null. In the second case `drops_null_values` must be true, so that no null reaches
/// the fold. One node per task.
template <class K, class V, class VA, class Fold>
class WindowedAggregateNode final : public OperatorNode<K, V, Windowed<NonNull<K>>, Change<VA>>,
                                    private RecordFold<NonNull<K>, VA> {
  using Key = NonNull<K>;

 public:
  WindowedAggregateNode(std::unique_ptr<WindowAggregation<Key, VA>> aggregation, Fold fold, bool drops_null_values)
      : aggregation_(std::move(aggregation)), fold_(std::move(fold)), drops_null_values_(drops_null_values) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    aggregation_->init(task, *this, this->output());
  }

  Output<K, V>* process(Record<K, V>& record) override {
    if (is_null(record.key) || (drops_null_values_ && is_null(record.value))) {
      this->task().record_dropped(*this, is_null(record.key) ? DropReason::null_key : DropReason::null_value);
      return nullptr;
    }
    // next() reads the value through this pointer while process() runs.
    value_ = &record.value;
    aggregation_->process({non_null(record.key), record.timestamp, record.headers}, *this);
    return nullptr;
  }

 private:
  [[nodiscard]] std::optional<VA> initial() override { return fold_.initial(); }
  [[nodiscard]] std::optional<VA> next(const Key& key, std::optional<VA> aggregate) override {
    if constexpr (std::is_same_v<typename Fold::Value, V>) {
      return fold_.next(key, *value_, std::move(aggregate));
    } else {
      return fold_.next(key, non_null(*value_), std::move(aggregate));
    }
  }

  std::unique_ptr<WindowAggregation<Key, VA>> aggregation_;
  Fold fold_;
  bool drops_null_values_;
  const V* value_ = nullptr;  // the current record's value
};

}  // namespace millrace::detail
