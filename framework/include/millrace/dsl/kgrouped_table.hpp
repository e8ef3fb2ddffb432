// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/tables/aggregation_functions.hpp"
#include "millrace/dsl/detail/tables/table_group_nodes.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/processor/detail/source_sink.hpp"

namespace millrace {
namespace detail {

/// A compile error if one of the functions does not fit.
template <class I, class A, class S, class K, class V>
[[nodiscard]] constexpr bool require_table_aggregator() {
  constexpr bool kGivesInitial = std::invocable<I&>;
  static_assert(kGivesInitial, "the initializer must be callable without arguments and return the first aggregate");
  if constexpr (kGivesInitial) {
    using Given = std::remove_cvref_t<std::invoke_result_t<I&>>;
    using Result = std::optional<NonNull<Given>>;
    constexpr bool kCallable = std::is_invocable_r_v<Result, A&, const K&, const V&, Given> &&
                               std::is_invocable_r_v<Result, S&, const K&, const V&, Given>;
    static_assert(kCallable,
                  "adder and subtractor must be callable as (key, value, aggregate) and return the aggregate, whose "
                  "type is what the initializer returns");
    return kCallable;
  }
  return false;
}

}  // namespace detail

/// A table whose rows are grouped by a new key. Its methods aggregate each group. (Kafka Streams: `KGroupedTable`.)
///
/// When a row changes, the subtractor removes the old value from its old group. Then the adder adds the new value to
/// its new group. The rows go through a repartition topic. Options of the methods: Named, Materialized. Build phase
/// only.
template <class K, class V>
class KGroupedTable {
 public:
  /// Counts the rows of each group.
  template <class... Options>
  auto count(const Options&... options) const {
    if constexpr (detail::require_table_options<Options...>()) {
      return build<std::int64_t>("KTABLE-AGGREGATE-", detail::TableCountFold<K, V>(), {}, options...);
    }
  }

  /// Combines the values of a group: `adder(aggregate, value)` and `subtractor(aggregate, value)` return the new
  /// aggregate. The first row of a group becomes its aggregate. Both may return std::optional; nullopt deletes the
  /// group.
  template <class A, class S, class... Options>
  KTable<K, V> reduce(A adder, S subtractor, const Options&... options) const {
    constexpr bool kCallable = std::is_invocable_r_v<std::optional<V>, A&, const V&, const V&> &&
                               std::is_invocable_r_v<std::optional<V>, S&, const V&, const V&>;
    static_assert(kCallable,
                  "adder and subtractor must be callable as (aggregate, value) with the grouped table's value type, "
                  "and return it");
    if constexpr (kCallable && detail::require_table_options<Options...>()) {
      return build<V>("KTABLE-REDUCE-", detail::TableReduceFold<K, V, A, S>{std::move(adder), std::move(subtractor)},
                      shared_->value_serde, options...);
    }
  }

  /// Aggregates the values of a group into another type. `initializer()` returns the first aggregate. `adder(key,
  /// value, aggregate)` and `subtractor(key, value, aggregate)` return the new one. All may return std::optional;
  /// nullopt deletes the group.
  template <class I, class A, class S, class... Options>
  auto aggregate(I initializer, A adder, S subtractor, const Options&... options) const {
    if constexpr (detail::require_table_options<Options...>() && detail::require_table_aggregator<I, A, S, K, V>()) {
      using VA = detail::NonNull<std::remove_cvref_t<std::invoke_result_t<I&>>>;
      return build<VA>("KTABLE-AGGREGATE-",
                       detail::TableAggregateFold<K, V, VA, I, A, S>{std::move(initializer), std::move(adder),
                                                                     std::move(subtractor)},
                       {}, options...);
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
    if constexpr (detail::require_undo<A, V>()) {
      const auto functions = detail::functions_of<V>(aggregation);
      return functions.results(
          aggregate(functions.initializer(), functions.adder(), functions.subtractor(), named, materialized), named);
    }
  }

  /// Never usable: these two overloads make the compiler ask for the missing functions.
  template <class A>
  auto reduce(A /*adder*/) const {
    static_assert(
        detail::kNever<A>,
        "a row can also leave its group: give reduce an adder and a subtractor, both called as (aggregate, value)");
  }
  template <class I, class A>
  auto aggregate(I /*initializer*/, A /*adder*/) const {
    static_assert(
        detail::kNever<I, A>,
        "a row can also leave its group: give aggregate an initializer, an adder and a subtractor, the last two "
        "called as (key, value, aggregate)");
  }

  // --- used by the engine only
  //
  // `position`: the node that selects the new keys. `name`: the user's, or empty.
  KGroupedTable(detail::StreamPosition position, std::string name, AnySerde<K> key_serde, AnySerde<V> value_serde)
      : shared_(detail::share<Shared>(std::move(position), std::move(name), std::move(key_serde),
                                      std::move(value_serde), nullptr)) {}

 private:
  struct Shared {
    detail::StreamPosition position;
    std::string name;
    AnySerde<K> key_serde;
    AnySerde<V> value_serde;
    detail::GraphNode* repartition;  ///< owned by the graph; if the grouping has a name, all its aggregations share it
  };

  // Adds the repartition topic and the aggregation. The names are drawn in Kafka Streams' order.
  template <class VA, class Fold, class... Options>
  KTable<K, VA> build(const std::string& prefix, Fold fold, const detail::CarriedSerde<VA>& inherited,
                      const Options&... options) const {
    auto& graph = *shared_->position.graph;
    const auto materialized = detail::materialized_of(options...);
    const auto& settings = materialized.settings();
    const std::string given = detail::named_of(options...).name();
    const std::string store_name =
        settings.store_name.empty() ? graph.new_store_name("KTABLE-AGGREGATE-") : settings.store_name;
    const std::string sink_name = detail::suffixed_name(graph, given, "-sink", "KSTREAM-SINK-");
    const std::string source_name = detail::suffixed_name(graph, given, "-source", "KSTREAM-SOURCE-");
    const std::string name = graph.name_or(given, prefix);
    const auto keys = detail::choose_serde<K>(settings.key_serde, detail::CarriedSerde<K>(shared_->key_serde));
    const auto values = detail::choose_serde<VA>(settings.value_serde, inherited);

    // The names of sink and source were drawn above, even if the repartition topic exists already. Kafka Streams does
    // the same, so generated names stay equal.
    if (shared_->repartition == nullptr || shared_->name.empty()) {
      const std::string topic = (shared_->name.empty() ? store_name : shared_->name) + "-repartition";
      shared_->repartition = &graph.add(make_repartition(sink_name, source_name, topic), {shared_->position.node});
    } else {
      graph.add_again(*shared_->repartition);
    }
    auto table = detail::share<detail::StoreTableProcessor<K, VA>>(store_name, settings.history_retention.has_value());
    auto next = detail::add_operator(detail::behind_repartition(shared_->position, *shared_->repartition), name,
                                     [store_name, fold, send_old_values = table->send_old_values()] {
                                       return detail::make_node<detail::TableAggregateNode<K, V, VA, Fold>>(
                                           store_name, fold, send_old_values);
                                     },
                                     {}, {}, {detail::make_table_store<K, VA>(store_name, settings, keys, values)});
    return KTable<K, VA>(std::move(next), keys, values, settings.store_name, std::move(table));
  }

  // The topic carries changes: old and new value of a row in one record.
  [[nodiscard]] detail::GraphNode make_repartition(const std::string& sink_name, const std::string& source_name,
                                                   const std::string& topic) const {
    const AnySerde<Change<V>> changes{detail::ChangeSerde<V>{shared_->value_serde}};
    const AnySerde<K> keys = shared_->key_serde;
    detail::GraphNode node(source_name);
    node.write = detail::write_internal_topic(
        topic, sink_name,
        detail::factory_from<detail::SinkNode<K, Change<V>>>(
            detail::SinkSettings<K, Change<V>>{topic, {}, keys, changes, {}}),
        detail::factory_from<detail::SourceNode<K, Change<V>>>(
            detail::SourceSettings<K, Change<V>>{keys, changes, TimestampPolicy::fail_on_invalid, false, {}}));
    return node;
  }

  std::shared_ptr<Shared> shared_;
};

template <class K, class V>
template <class F, class KS, class VS>
auto KTable<K, V>::group_by(F selector, const BasicGrouped<KS, VS>& grouped) const {
  if constexpr (detail::require_no_context<F, K, const V&>() && detail::require_pair<F, K, const V&>()) {
    using Pair = detail::PairTypes<typename detail::CallResult<F, K, const V&>::Type>;
    using K1 = detail::NonNull<typename Pair::Key>;
    using V1 = detail::NonNull<typename Pair::Value>;
    if constexpr (detail::require_key<K1>()) {
      const auto& settings = grouped.settings();
      const auto keys = detail::choose_serde<K1>(settings.key_serde);
      const auto values = detail::choose_serde<V1>(settings.value_serde);
      auto next = detail::add_operator(position_, position_.graph->name_or(settings.name, "KTABLE-SELECT-"),
                                       [selector = std::move(selector), keys, versioned = processor_->versioned()] {
                                         return detail::make_node<detail::TableRegroupNode<K, V, K1, V1, F>>(
                                             selector, versioned, keys);
                                       });
      processor_->enable_sending_old_values(true);
      return KGroupedTable<K1, V1>(std::move(next), settings.name, keys, values);
    }
  }
}

}  // namespace millrace
