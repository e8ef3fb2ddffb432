// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "millrace/dsl/detail/tables/aggregation_functions.hpp"
#include "millrace/dsl/detail/windows/windowed_build.hpp"

namespace millrace {

/// A grouped stream divided into windows. Each key has one aggregate per window. W: TimeWindows, UnlimitedWindows or
/// SlidingWindows. (Kafka Streams: `TimeWindowedKStream`.)
///
/// In/out   (K,V) -> (Windowed<K>,VA); timestamp = the larger of the record's and the aggregate's
/// Time     event time; a record belongs to every window that contains its timestamp
/// State    a window store; retention = size + grace (sliding: 2 * difference + grace), unless Materialized sets it
/// Drops    null keys, and records whose windows are closed: counted. Null values are aggregated; sliding windows drop
///          them.
template <class K, class V, class W>
class TimeWindowedKStream {
  using Key = detail::NonNull<K>;
  static constexpr bool kSliding = std::is_same_v<W, SlidingWindows>;
  /// The type of value that aggregators get: sliding windows never pass null.
  using Value = std::conditional_t<kSliding, detail::NonNull<V>, V>;

 public:
  /// Sets when results are emitted. Default: at every update. Throws TopologyException for on_window_close with
  /// UnlimitedWindows, which never close.
  [[nodiscard]] TimeWindowedKStream emit_strategy(EmitStrategy emit) const {
    if (std::is_same_v<W, UnlimitedWindows> && emit.waits_for_close()) {
      throw TopologyException(
          "EmitStrategy::on_window_close with UnlimitedWindows would never emit: they do not close");
    }
    auto copy = *this;
    copy.emit_ = emit;
    return copy;
  }

  /// Counts the records of each key and window.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Windowed<Key>, std::int64_t> count(
      const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return count(Named(), materialized);
  }
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Windowed<Key>, std::int64_t> count(
      const Named& named, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (!kSliding) detail::burn_count_name(grouping_->graph(), materialized.settings());
    return build<std::int64_t>("KSTREAM-AGGREGATE-", named, materialized.settings(), detail::CountFold<Key, Value>(),
                               {});
  }

  /// Combines the values of a key and window: `reducer(aggregate, value)` returns the new aggregate. The first value
  /// becomes the aggregate.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto reduce(F reducer, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return reduce(std::move(reducer), Named(), materialized);
  }
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto reduce(F reducer, const Named& named,
              const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_reducer<F, Value>()) {
      return build<detail::NonNull<V>>("KSTREAM-REDUCE-", named, materialized.settings(),
                                       detail::ReduceFold<Key, Value, F>{std::move(reducer)}, grouping_->value_serde());
    }
  }

  /// Aggregates the values of each window into another type; see KGroupedStream::aggregate.
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(std::move(initializer), std::move(aggregator), Named(), materialized);
  }
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_aggregator<I, F, Key, Value>()) {
      using VA = detail::NonNull<std::remove_cvref_t<std::invoke_result_t<I&>>>;
      return build<VA>("KSTREAM-AGGREGATE-", named, materialized.settings(),
                       detail::AggregateFold<Key, Value, VA, I, F>{std::move(initializer), std::move(aggregator)}, {});
    }
  }

  /// Aggregates with ready-made functions; see millrace/functions/aggregates.hpp. The table shows the results. The
  /// store holds the states of the functions.
  template <detail::ReadyAggregation A, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(const A& aggregation, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(aggregation, Named(), materialized);
  }
  template <detail::ReadyAggregation A, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(const A& aggregation, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::kFitsValues<A, detail::NonNull<V>>) {
      const auto functions = detail::functions_of<detail::NonNull<V>>(aggregation);
      return functions.results(aggregate(functions.initializer(), functions.adder(), named, materialized), named);
    }
  }

  // --- used by the engine only

  TimeWindowedKStream(std::shared_ptr<detail::Grouping<K, V>> grouping, W windows)
      : grouping_(std::move(grouping)), windows_(std::move(windows)) {}

 private:
  template <class VA, class Settings, class Fold>
  KTable<Windowed<Key>, VA> build(const char* prefix, const Named& named, const Settings& settings, const Fold& fold,
                                  const detail::CarriedSerde<VA>& stream_serde) const {
    auto& graph = grouping_->graph();
    const std::string store = detail::store_name_or(graph, settings, prefix);
    const std::string node = graph.name_or(named.name(), prefix);
    const auto keys = detail::choose_serde<Key>(settings.key_serde, grouping_->key_serde());
    const auto values = detail::choose_serde<VA>(settings.value_serde, stream_serde);
    return detail::add_windowed(*grouping_, node, settings,
                                detail::plan_windows<Key, VA>(windows_, emit_, store, settings, keys, values), fold,
                                kSliding, values);
  }

  std::shared_ptr<detail::Grouping<K, V>> grouping_;
  W windows_;
  EmitStrategy emit_ = EmitStrategy::on_window_update();
};

}  // namespace millrace
