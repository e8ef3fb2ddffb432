// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/cogrouped_kstream.hpp"
#include "millrace/dsl/detail/tables/aggregation_functions.hpp"
#include "millrace/dsl/session_windowed_kstream.hpp"
#include "millrace/dsl/time_windowed_kstream.hpp"

namespace millrace {

/// A stream grouped by key. Its methods aggregate it into a table. (Kafka Streams: `KGroupedStream`.)
///
/// In/out   (K,V) -> KTable<K,VA>; timestamp = the larger of the record's and the aggregate's
/// Options  Named for the node; Materialized for the store
/// Drops    records with a null key or value, counted
/// Threads  build phase only
template <class K, class V>
class KGroupedStream {
  using Key = detail::NonNull<K>;
  using Element = detail::NonNull<V>;

 public:
  /// Counts the records of each key.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, std::int64_t> count(const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return count(Named(), materialized);
  }
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, std::int64_t> count(const Named& named,
                                  const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    detail::burn_count_name(grouping_->graph(), materialized.settings());
    return build<std::int64_t>("KSTREAM-AGGREGATE-", named, materialized.settings(), detail::CountFold<Key, Element>(),
                               {});
  }

  /// Combines the values of a key: `reducer(aggregate, value)` returns the new aggregate. The first value of a key
  /// becomes its aggregate.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, Element> reduce(F reducer, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return reduce(std::move(reducer), Named(), materialized);
  }
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, Element> reduce(F reducer, const Named& named,
                              const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_reducer<F, Element>()) {
      return build<Element>("KSTREAM-REDUCE-", named, materialized.settings(),
                            detail::ReduceFold<Key, Element, F>{std::move(reducer)}, grouping_->value_serde());
    }
  }

  /// Aggregates the values of a key into another type. `initializer()` returns the first aggregate. `aggregator(key,
  /// value, aggregate)` returns the new one. Both may return std::optional; nullopt deletes the key. The aggregator's
  /// third argument has the type that the initializer returns.
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(std::move(initializer), std::move(aggregator), Named(), materialized);
  }
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_aggregator<I, F, Key, Element>()) {
      using VA = detail::NonNull<std::remove_cvref_t<std::invoke_result_t<I&>>>;
      return build<VA>("KSTREAM-AGGREGATE-", named, materialized.settings(),
                       detail::AggregateFold<Key, Element, VA, I, F>{std::move(initializer), std::move(aggregator)},
                       {});
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
    if constexpr (detail::kFitsValues<A, Element>) {
      const auto functions = detail::functions_of<Element>(aggregation);
      return functions.results(aggregate(functions.initializer(), functions.adder(), named, materialized), named);
    }
  }

  /// Aggregates per window, or per session. Null values are then aggregated too, except with SlidingWindows.
  [[nodiscard]] TimeWindowedKStream<K, V, TimeWindows> windowed_by(const TimeWindows& windows) const {
    return {grouping_, windows};
  }
  [[nodiscard]] TimeWindowedKStream<K, V, UnlimitedWindows> windowed_by(const UnlimitedWindows& windows) const {
    return {grouping_, windows};
  }
  [[nodiscard]] TimeWindowedKStream<K, V, SlidingWindows> windowed_by(const SlidingWindows& windows) const {
    return {grouping_, windows};
  }
  [[nodiscard]] SessionWindowedKStream<K, V> windowed_by(const SessionWindows& windows) const {
    return {grouping_, windows};
  }

  /// Never usable: makes the compiler say which windows are possible.
  template <class W>
  auto windowed_by(const W& /*windows*/) const {
    static_assert(detail::kNever<W>,
                  "windowed_by takes TimeWindows, UnlimitedWindows, SlidingWindows or SessionWindows");
  }

  /// Starts an aggregation of several streams, see CogroupedKStream. `aggregator(key, value, aggregate)` returns the
  /// new aggregate. The aggregate's type is that of its third argument. If that argument is `auto`, give the type:
  /// `cogroup<Aggregate>(...)`.
  template <class Aggregate = void, class F>
  [[nodiscard]] auto cogroup(F aggregator) const {
    using A = std::conditional_t<std::is_void_v<Aggregate>, typename detail::ThirdArgument<F>::Type, Aggregate>;
    if constexpr (detail::require_cogroup_aggregator<A, F, Key, V>()) {
      return CogroupedKStream<Key, A>(detail::Cogroup<Key, A>(grouping_->position().graph))
          .cogroup(*this, std::move(aggregator));
    }
  }

  // --- used by the engine only

  explicit KGroupedStream(std::shared_ptr<detail::Grouping<K, V>> grouping) : grouping_(std::move(grouping)) {}
  [[nodiscard]] const std::shared_ptr<detail::Grouping<K, V>>& grouping() const { return grouping_; }

 private:
  // Adds the aggregation, behind a repartition topic if the stream's key was changed.
  template <class VA, class Settings, class Fold>
  [[gnu::cold]] KTable<Key, VA> build(const char* prefix, const Named& named, const Settings& settings,
                                      const Fold& fold, const detail::CarriedSerde<VA>& stream_serde) const {
    auto& graph = grouping_->graph();
    const std::string store_name = detail::store_name_or(graph, settings, prefix);
    const std::string node_name = graph.name_or(named.name(), prefix);
    const auto keys = detail::choose_serde<Key>(settings.key_serde, grouping_->key_serde());
    const auto values = detail::choose_serde<VA>(settings.value_serde, stream_serde);

    const auto input = grouping_->input(store_name);
    auto table =
        detail::share<detail::StoreTableProcessor<Key, VA>>(store_name, settings.history_retention.has_value());
    auto next = detail::add_operator(input, node_name,
                                     [store_name, fold, send_old_values = table->send_old_values()] {
                                       return detail::make_node<detail::AggregateNode<K, V, VA, Fold>>(store_name, fold,
                                                                                                       send_old_values);
                                     },
                                     {}, {}, {detail::make_table_store<Key, VA>(store_name, settings, keys, values)});
    return KTable<Key, VA>(std::move(next), keys, values, settings.store_name, std::move(table));
  }

  std::shared_ptr<detail::Grouping<K, V>> grouping_;
};

template <class K, class V>
template <class KS, class VS>
KGroupedStream<K, V> KStream<K, V>::group_by_key(const BasicGrouped<KS, VS>& grouped) const {
  if constexpr (detail::require_key<K>()) {
    const auto& settings = grouped.settings();
    const auto keys = detail::choose_serde<K>(settings.key_serde, key_serde());
    const auto stream = *this;
    std::function<detail::GraphNode(const std::string&)> make_repartition;
    // A value serde is needed only if the stream is repartitioned. Kafka Streams asks for one only then, too.
    if (position().key_changed) {
      const auto values = detail::choose_serde<V>(settings.value_serde, value_serde());
      make_repartition = [stream, keys, values](const std::string& prefix) {
        return stream.make_repartition(prefix, keys, values, std::nullopt, detail::NoPartitioner());
      };
    }
    auto values = detail::carried_serde<V>(settings.value_serde);
    return KGroupedStream<K, V>(detail::share<detail::Grouping<K, V>>(
        stream, settings.name, keys, values ? std::move(values) : value_serde(), std::move(make_repartition)));
  }
}

template <class K, class V>
template <class F, class KS, class VS>
auto KStream<K, V>::group_by(F selector, const BasicGrouped<KS, VS>& grouped) const {
  if constexpr (detail::require_result<F, K, const V&>()) {
    // As in Java, the grouping's name also names the node that selects the key.
    const auto& name = grouped.settings().name;
    return select_key(std::move(selector), name.empty() ? Named() : Named::as(name))
        .template group_by_key<KS, VS>(grouped);
  }
}

}  // namespace millrace
