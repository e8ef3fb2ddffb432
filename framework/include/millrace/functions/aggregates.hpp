// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <ranges>
#include <type_traits>
#include <utility>

#include "millrace/functions/detail/aggregation.hpp"

/// Ready-made aggregates, with the rules of ksqlDB for nulls and for rows that leave a table.
///
///     using namespace millrace::aggregates;
///     orders.group_by_key().aggregate(sum(&Order::amount));                              // KTable<K, std::int64_t>
///     orders.group_by_key().aggregate(of(count(), avg(&Order::price), top_k<3>(&Order::price)));  // a std::tuple
///     orders.group_by_key().aggregate(aggregate_to<Totals>(count(), avg(&Order::price)));  // a struct of yours
///
/// Argument  what to aggregate of each value: a pointer to a member (`&Order::price`), or a function that is callable
///           with (const Value&). Without an argument, the value itself. Null is the empty std::optional.
/// Used by   `aggregate` of KGroupedStream, TimeWindowedKStream and SessionWindowedKStream. KGroupedTable takes only
///           aggregates that can take back a row: count, sum, avg, collect_list, histogram.
/// Alone     aggregate_values(aggregate, range) computes the result of a range. `for_values<V>()` gives the single
///           functions.
/// State     the store of the aggregation holds the states, in a binary format of Millrace. The table shows the
///           results. A map_values that follows the aggregation computes them from the states.
/// Changes   If the functions or the types of their columns change, the old state is a SerializationException. If only
///           a column changes (`sum(&Order::a)` to `sum(&Order::b)`), nothing can notice that: use another store name.
/// Sessions  When sessions become one, their states are merged in the order of the sessions' times. ksqlDB compares the
///           order in which its process has seen the values.
/// Errors    StreamsException (for the processing exception handler) if a sum of integers leaves the range of 64 bits.
///           In ksqlDB, such a sum silently wraps.
/// Threads   immutable; all are thread-safe if the arguments are
namespace millrace::aggregates {

/// No limit for the number of entries.
inline constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// The number of values, also of those with nulls inside. (ksqlDB: `COUNT(*)`.)
[[nodiscard]] inline auto count() { return Aggregate<detail::CountRowsRule, detail::WholeRow>(detail::WholeRow()); }

/// The number of arguments that are not null. (ksqlDB: `COUNT(col)`.)
template <class F>
[[nodiscard]] auto count(F argument) {
  return Aggregate<detail::CountRule, F>(std::move(argument));
}

/// The sum of the numbers. Nulls are ignored; without numbers, 0. Integers of all sizes give std::int64_t, other
/// numbers double. (ksqlDB: `SUM(col)`; there, the sum of INTEGER is INTEGER.)
template <class F = detail::WholeRow>
[[nodiscard]] auto sum(F argument = {}) {
  return Aggregate<detail::SumRule, F>(std::move(argument));
}

/// The mean of the numbers as double. Nulls are ignored; without numbers, 0.0. Integers are summed in 64 bits.
/// (ksqlDB: `AVG(col)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto avg(F argument = {}) {
  return Aggregate<detail::AvgRule, F>(std::move(argument));
}

/// The smallest value as std::optional. Nulls are ignored; without values, null. NaN is larger than all numbers, as in
/// Java. Texts are compared by their bytes. (ksqlDB: `MIN(col)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto min(F argument = {}) {
  return Aggregate<detail::MinRule, F>(std::move(argument));
}

/// The largest value as std::optional; otherwise as min(). (ksqlDB: `MAX(col)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto max(F argument = {}) {
  return Aggregate<detail::MaxRule, F>(std::move(argument));
}

/// The value that was processed last, as std::optional. Nulls are ignored; without values, null. (ksqlDB:
/// `LATEST_BY_OFFSET(col)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto latest(F argument = {}) {
  return Aggregate<detail::LatestRule, F>(std::move(argument));
}
/// As latest(), but a null counts as a value. (ksqlDB: `LATEST_BY_OFFSET(col, false)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto latest_with_nulls(F argument = {}) {
  return Aggregate<detail::LatestWithNullsRule, F>(std::move(argument));
}

/// The value that was processed first, as std::optional. Nulls are ignored; without values, null. (ksqlDB:
/// `EARLIEST_BY_OFFSET(col)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto earliest(F argument = {}) {
  return Aggregate<detail::EarliestRule, F>(std::move(argument));
}
/// As earliest(), but a null counts as a value. (ksqlDB: `EARLIEST_BY_OFFSET(col, false)`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto earliest_with_nulls(F argument = {}) {
  return Aggregate<detail::EarliestWithNullsRule, F>(std::move(argument));
}

/// All values in the order of processing, as std::vector; nulls too. A row that leaves a table removes the last equal
/// value. Values behind the first `limit` are ignored. (ksqlDB: `COLLECT_LIST(col)`, with the limit
/// `ksql.functions.collect_list.limit`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto collect_list(F argument = {}, std::size_t limit = kUnlimited) {
  return Aggregate<detail::CollectListRule, F, std::size_t>(std::move(argument), limit);
}

/// The distinct values in the order of their first occurrence, as std::vector; null counts as a value. Values behind
/// the first `limit` are ignored. The time for each record grows with the number of values. (ksqlDB:
/// `COLLECT_SET(col)`, with the limit `ksql.functions.collect_set.limit`.)
template <class F = detail::WholeRow>
[[nodiscard]] auto collect_set(F argument = {}, std::size_t limit = kUnlimited) {
  return Aggregate<detail::CollectSetRule, F, std::size_t>(std::move(argument), limit);
}

/// The N largest values in descending order, as std::vector. Nulls are ignored. To keep other members beside the value,
/// let the argument return a std::pair or std::tuple that begins with the value. (ksqlDB: `TOPK(col, N)`.)
template <std::size_t N, class F = detail::WholeRow>
[[nodiscard]] auto top_k(F argument = {}) {
  static_assert(N > 0, "top_k<N>: N must be at least 1");
  return Aggregate<detail::TopOf<N, false>::template Rule, F>(std::move(argument));
}

/// The N largest distinct values in descending order, as std::vector. Nulls are ignored. (ksqlDB:
/// `TOPKDISTINCT(col, N)`.)
template <std::size_t N, class F = detail::WholeRow>
[[nodiscard]] auto top_k_distinct(F argument = {}) {
  static_assert(N > 0, "top_k_distinct<N>: N must be at least 1");
  return Aggregate<detail::TopOf<N, true>::template Rule, F>(std::move(argument));
}

/// How often each value occurs, as std::map from the value to std::int64_t. Nulls are ignored. Once there are `limit`
/// values, other values are ignored. (ksqlDB: `HISTOGRAM(col)`, which takes only texts, has this limit and counts nulls
/// under a null key.)
template <class F = detail::WholeRow>
[[nodiscard]] auto histogram(F argument = {}, std::size_t limit = 1000) {
  return Aggregate<detail::HistogramRule, F, std::size_t>(std::move(argument), limit);
}

/// Several aggregates in one aggregation. The result is a std::tuple of their results.
template <class... Aggregates>
[[nodiscard]] auto of(Aggregates... aggregates) {
  static_assert(sizeof...(Aggregates) > 0, "of() needs at least one aggregate");
  return Aggregation<detail::AsTuple, Aggregates...>(std::move(aggregates)...);
}

/// Several aggregates in one aggregation. The result is a `Struct{...}` of their results, in this order. The members
/// must have the types of the results. A Struct that is declared with MILLRACE_JSON can be written to topics.
template <class Struct, class... Aggregates>
[[nodiscard]] auto aggregate_to(Aggregates... aggregates) {
  static_assert(sizeof...(Aggregates) > 0, "aggregate_to<Struct>() needs at least one aggregate");
  return Aggregation<detail::AsStruct<Struct>, Aggregates...>(std::move(aggregates)...);
}

/// The result of an aggregate or an aggregation for the values of a range.
template <class A, std::ranges::input_range Range>
[[nodiscard]] auto aggregate_values(const A& aggregation, Range&& values) {
  const auto typed = aggregation.template for_values<std::ranges::range_value_t<Range>>();
  auto state = typed.initial();
  for (const auto& value : values) typed.add(state, value);
  return typed.result(state);
}

}  // namespace millrace::aggregates
