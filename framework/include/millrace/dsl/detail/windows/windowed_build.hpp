// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/dsl/detail/streams/grouping.hpp"
#include "millrace/dsl/detail/tables/aggregate_nodes.hpp"
#include "millrace/dsl/detail/windows/windowed_aggregate_node.hpp"
#include "millrace/dsl/detail/windows/windowed_plan.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace::detail {

// --- checks of user functions

/// Checks the functions of aggregate. A failed check prints one line and stops the instantiation of the operator.
template <class I, class F, class K, class V>
[[nodiscard]] constexpr bool require_aggregator() {
  constexpr bool kGivesInitial = std::invocable<I&>;
  static_assert(kGivesInitial, "the initializer must be callable without arguments and return the first aggregate");
  if constexpr (kGivesInitial) {
    // The initializer's result is the aggregate's type in user functions.
    using Given = std::remove_cvref_t<std::invoke_result_t<I&>>;
    constexpr bool kCallable = std::is_invocable_r_v<std::optional<NonNull<Given>>, F&, const K&, const V&, Given>;
    static_assert(kCallable,
                  "the aggregator must be callable as aggregator(key, value, aggregate) and return the aggregate, "
                  "whose type is what the initializer returns (time and session windows pass null values on: take "
                  "std::optional if the stream has them)");
    return kCallable;
  }
  return false;
}

/// Checks the function of reduce. V may be nullable: windows pass null values on.
template <class F, class V>
[[nodiscard]] constexpr bool require_reducer() {
  using Element = NonNull<V>;
  constexpr bool kCallable = std::is_invocable_r_v<std::optional<Element>, F&, const Element&, const V&>;
  static_assert(kCallable,
                "the reducer must be callable as reducer(aggregate, value) with the stream's value type, and return it "
                "(time and session windows pass null values on: take std::optional if the stream has them)");
  return kCallable;
}

/// Checks the function that combines the aggregates of two sessions.
template <class F, class K, class VA>
[[nodiscard]] constexpr bool require_merger() {
  constexpr bool kCallable = std::is_invocable_r_v<std::optional<NonNull<VA>>, F&, const K&, VA, VA>;
  static_assert(kCallable,
                "the session merger must be callable as merger(key, aggregate, other_aggregate) and return the "
                "aggregate, whose type is what the initializer returns");
  return kCallable;
}

/// Adapts a user's merger. `Given`: the aggregate's type in user functions; it may be std::optional.
template <class K, class Given, class M>
[[nodiscard]] auto session_merger(M merger) {
  using VA = NonNull<Given>;
  // `one` is nullopt only if VA is optional in user functions.
  return [merger = std::move(merger)](const K& key, std::optional<VA> one, VA other) mutable {
    if constexpr (std::is_same_v<Given, VA>) {
      return std::optional<VA>(merger(key, std::move(*one), std::move(other)));
    } else {
      return std::optional<VA>(merger(key, std::move(one), Given(std::move(other))));
    }
  };
}

// --- construction

/// The store's name: the given one, or a generated one.
[[nodiscard]] inline std::string store_name_or(Graph& graph, const MaterializedOptions& options, const char* prefix) {
  return options.store_name.empty() ? graph.new_store_name(prefix) : options.store_name;
}

/// Kafka Streams draws this number and does not use it. Draw it too, so that later names stay equal.
inline void burn_count_name(Graph& graph, const MaterializedOptions& options) {
  if (options.given && options.store_name.empty()) (void)graph.new_store_name("KSTREAM-AGGREGATE-");
}

/// Adds a windowed aggregation of one stream.
template <class K, class V, class VA, class Fold>
[[nodiscard]] KTable<Windowed<NonNull<K>>, VA> add_windowed(Grouping<K, V>& grouping, const std::string& node_name,
                                                            const MaterializedOptions& options,
                                                            const WindowedPlan<NonNull<K>, VA>& plan, const Fold& fold,
                                                            bool drops_null_values, const AnySerde<VA>& values) {
  // Behind a repartition topic, if the stream's key was changed.
  auto next = grouping.input(plan.store->name());
  GraphNode node(node_name);
  // suppress() downstream needs to know how long a window can change.
  node.window_grace_ms = plan.grace_ms;
  node.write = write_processor(
      [make = plan.make_aggregation, fold, drops_null_values] {
        return detail::make_node<WindowedAggregateNode<K, V, VA, Fold>>(make(), fold, drops_null_values);
      },
      {}, {plan.store});
  next.node = &grouping.graph().add(std::move(node), {next.node});
  // Also the name of the table's topology node.
  next.name = node_name;
  return KTable<Windowed<NonNull<K>>, VA>(std::move(next), plan.key_serde, values, options.store_name, plan.table);
}

}  // namespace millrace::detail
