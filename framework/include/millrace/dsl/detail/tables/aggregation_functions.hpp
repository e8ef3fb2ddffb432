// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/named.hpp"

// The functions that the DSL's aggregate() gets from the ready-made aggregates (millrace/functions/aggregates.hpp).
// They are templates on the aggregation, so a topology without ready-made aggregates does not compile that header.
namespace millrace::detail {

/// An aggregate, or several in one aggregation.
template <class A>
concept ReadyAggregation = requires {
  typename A::IsAggregation;
};

/// `Typed`: the aggregation for the values of the stream. The functions have the parameters of Kafka Streams'
/// Initializer, Aggregator (adder, subtractor) and Merger.
template <class Typed>
struct AggregationFunctions {
  using State = typename Typed::State;

  Typed typed;

  [[nodiscard]] auto initializer() const {
    return [typed = typed] { return typed.initial(); };
  }
  // Windowed aggregations pass null values, too. A null has no columns, so it adds nothing. (ksqlDB drops it.)
  [[nodiscard]] auto adder() const {
    return [typed = typed](const auto& /*key*/, const auto& value, State state) {
      if (!is_null(value)) typed.add(state, non_null(value));
      return state;
    };
  }
  [[nodiscard]] auto subtractor() const {
    return [typed = typed](const auto& /*key*/, const auto& value, State state) {
      typed.remove(state, value);
      return state;
    };
  }
  [[nodiscard]] auto merger() const {
    return [typed = typed](const auto& /*key*/, State earlier, State later) {
      typed.merge(earlier, std::move(later));
      return earlier;
    };
  }

  /// The table of results, a view of the table of states. `name` is that of the aggregation.
  template <class Table>
  [[nodiscard]] auto results(const Table& states, const Named& name) const {
    return states.map_values([typed = typed](const State& state) { return typed.result(state); },
                             name.name().empty() ? Named() : Named::as(name.name() + "-results"));
  }
};

template <class V, class A>
[[nodiscard]] auto functions_of(const A& aggregation) {
  using Typed = decltype(aggregation.template for_values<V>());
  return AggregationFunctions<Typed>{aggregation.template for_values<V>()};
}

/// True if the aggregation fits the values. If not, for_values() has reported it.
template <class A, class V>
inline constexpr bool kFitsValues = !std::is_void_v<decltype(std::declval<const A&>().template for_values<V>())>;

/// Checks that each aggregate can take back a row.
template <class A, class V>
[[nodiscard]] constexpr bool require_undo() {
  if constexpr (kFitsValues<A, V>) {
    constexpr bool kUndo = decltype(std::declval<const A&>().template for_values<V>())::kUndo;
    static_assert(kUndo,
                  "a grouped table can be aggregated only by functions that can take a row back: count, sum, avg, "
                  "collect_list and histogram. min, max, latest, earliest, collect_set, top_k and top_k_distinct "
                  "aggregate streams only");
    return kUndo;
  }
  return false;
}

}  // namespace millrace::detail
