// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "millrace/functions/detail/aggregate_rules.hpp"
#include "millrace/functions/detail/aggregate_state.hpp"

namespace millrace::detail {

/// The argument of count(): the row itself.
struct WholeRow {
  template <class T>
  const T& operator()(const T& row) const {
    return row;  // NOLINT(bugprone-return-const-ref-from-parameter): the caller owns the row
  }
};

/// The type of a column: what the argument of an aggregate returns. Text is stored as std::string.
template <class T>
struct OwnedColumn {
  using Type = std::remove_cvref_t<T>;
};
template <>
struct OwnedColumn<std::string_view> {
  using Type = std::string;
};
template <>
struct OwnedColumn<const char*> {
  using Type = std::string;
};

template <class F, class V>
[[nodiscard]] constexpr bool require_argument() {
  constexpr bool kCallable = std::is_invocable_v<const F&, const V&>;
  static_assert(kCallable,
                "the argument of an aggregate must be a pointer to a member of the value (&Order::price) or a function "
                "that is callable with (const Value&) and changes nothing in itself");
  if constexpr (kCallable) {
    constexpr bool kGivesValue = !std::is_void_v<std::invoke_result_t<const F&, const V&>>;
    static_assert(kGivesValue, "the argument of an aggregate must return a value, not void");
    return kGivesValue;
  }
  return false;
}

template <class F, class V>
using ColumnOf = typename OwnedColumn<std::remove_cvref_t<std::invoke_result_t<const F&, const V&>>>::Type;

/// One aggregate of values of type V: a rule, and the function that gets the column.
template <class V, class Rule, class F>
struct BoundAggregate {
  using RuleType = Rule;

  Rule rule;
  F argument;

  void add(typename Rule::State& state, const V& value) const { rule.add(state, column(value)); }
  void remove(typename Rule::State& state, const V& value) const { rule.remove(state, column(value)); }

 private:
  // A reference if the argument is a member; a value if it must be converted or is made by a function.
  decltype(auto) column(const V& value) const {
    using Given = std::invoke_result_t<const F&, const V&>;
    using Column = ColumnOf<F, V>;
    if constexpr (std::is_same_v<std::remove_cvref_t<Given>, Column>) {
      return static_cast<Given>(std::invoke(argument, value));
    } else {
      return Column(std::invoke(argument, value));
    }
  }
};

// How the results of several aggregates become one value.

struct AsTuple {
  template <class... R>
  using Type = std::tuple<R...>;
  template <class... R>
  static std::tuple<R...> make(R... results) {
    return {std::move(results)...};
  }
  template <class... R>
  static constexpr bool require() {
    return true;
  }
};

/// A single aggregate: its result itself.
struct AsValue {
  template <class... R>
  using Type = std::tuple_element_t<0, std::tuple<R...>>;
  template <class R>
  static R make(R result) {
    return result;
  }
  template <class R>
  static constexpr bool require() {
    return true;
  }
};

struct AnyMember {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): stands for a member of any type
};

/// A struct whose members are the results, in this order.
template <class S>
struct AsStruct {
  template <class... R>
  using Type = S;
  template <class... R>
  static S make(R... results) {
    return S{std::move(results)...};
  }
  template <class... R>
  static constexpr bool require() {
    constexpr bool kFits = requires { S{std::declval<R>()...}; };
    static_assert(kFits,
                  "aggregate_to<Struct>(...): the members of the struct must have the types of the results, in this "
                  "order: count and integer sums are std::int64_t, other sums and avg are double, min, max, latest and "
                  "earliest are std::optional of the value, lists are std::vector, histogram is "
                  "std::map<value, std::int64_t>");
    // Two attempts, because AnyMember is ambiguous for a std::optional.
    constexpr bool kComplete = !requires { S{std::declval<R>()..., AnyMember()}; }
    &&!requires { S{std::declval<R>()..., std::nullopt}; };
    static_assert(kComplete, "aggregate_to<Struct>(...): the struct has more members than there are aggregates");
    return kFits && kComplete;
  }
};

}  // namespace millrace::detail

namespace millrace::aggregates {

/// Aggregates that are bound to values of type V: plain functions on a state, usable without a topology. Obtained by
/// `for_values<V>()` of an aggregate or aggregation.
///
///     const auto totals = of(count(), sum(&Order::amount)).for_values<Order>();
///     auto state = totals.initial();
///     totals.add(state, order);
///     auto [orders, amount] = totals.result(state);
///
/// State    what a store holds; it has a Serde
/// Errors   StreamsException if an integer sum leaves the range of 64 bits; `state` is then not usable
/// Threads  const and thread-safe, if the arguments are
template <class V, class Shape, class... Bound>
class TypedAggregation {
 public:
  using State = detail::AggregateState<typename Bound::RuleType...>;
  using Result = typename Shape::template Type<typename Bound::RuleType::Result...>;

  /// True if every aggregate can take back a value, so that tables can be aggregated.
  static constexpr bool kUndo = (Bound::RuleType::kUndo && ...);

  explicit TypedAggregation(Bound... bound) : bound_(std::move(bound)...) {}

  /// The state before the first value.
  [[nodiscard]] State initial() const {
    return std::apply([](const auto&... bound) { return State{{bound.rule.initial()...}}; }, bound_);
  }
  /// Adds a value.
  void add(State& state, const V& value) const {
    each([&](const auto& bound, auto& part) { bound.add(part, value); }, state);
  }
  /// Takes back a value that was added before.
  void remove(State& state, const V& value) const requires kUndo {
    each([&](const auto& bound, auto& part) { bound.remove(part, value); }, state);
  }
  /// Adds the state of other values, which count as later ones.
  void merge(State& state, State other) const { merge_parts(state, other, std::index_sequence_for<Bound...>()); }
  [[nodiscard]] Result result(const State& state) const {
    return result_of(state, std::index_sequence_for<Bound...>());
  }

 private:
  template <class F>
  void each(const F& use, State& state) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (use(std::get<I>(bound_), std::get<I>(state.parts)), ...); }
    (std::index_sequence_for<Bound...>());
  }
  template <std::size_t... I>
  void merge_parts(State& state, State& other, std::index_sequence<I...> /*parts*/) const {
    (std::get<I>(bound_).rule.merge(std::get<I>(state.parts), std::move(std::get<I>(other.parts))), ...);
  }
  template <std::size_t... I>
  [[nodiscard]] Result result_of(const State& state, std::index_sequence<I...> /*parts*/) const {
    return Shape::make(std::get<I>(bound_).rule.result(std::get<I>(state.parts))...);
  }

  std::tuple<Bound...> bound_;
};

/// One aggregate of a column, made by the functions of aggregates.hpp. It does not know the type of the values yet.
template <template <class> class Rule, class F, class... Options>
class Aggregate {
 public:
  /// Marks the type for the DSL.
  using IsAggregation = void;

  explicit Aggregate(F argument, Options... options) : argument_(std::move(argument)), options_(options...) {}

  /// Binds the aggregate to values of type V. A wrong argument is a compile error.
  template <class V>
  [[nodiscard]] auto for_values() const {
    if constexpr (detail::require_argument<F, V>()) {
      auto bound = bind<V>();
      return TypedAggregation<V, detail::AsValue, decltype(bound)>(std::move(bound));
    }
  }

  // For the engine.
  template <class V>
  [[nodiscard]] auto bind() const {
    using Column = Rule<detail::ColumnOf<F, V>>;
    return std::apply(
        [&](const auto&... options) {
          return detail::BoundAggregate<V, Column, F>{Column{options...}, argument_};
        },
        options_);
  }
  template <class V>
  static constexpr bool require() {
    return detail::require_argument<F, V>();
  }

 private:
  F argument_;
  std::tuple<Options...> options_;
};

/// Several aggregates of the same values, made by of() or aggregate_to().
template <class Shape, class... Aggregates>
class Aggregation {
 public:
  /// Marks the type for the DSL.
  using IsAggregation = void;

  explicit Aggregation(Aggregates... aggregates) : aggregates_(std::move(aggregates)...) {}

  /// Binds the aggregates to values of type V. A wrong argument is a compile error.
  template <class V>
  [[nodiscard]] auto for_values() const {
    if constexpr ((Aggregates::template require<V>() && ...)) {
      return std::apply([](const auto&... aggregates) { return typed<V>(aggregates.template bind<V>()...); },
                        aggregates_);
    }
  }

 private:
  template <class V, class... Bound>
  static auto typed(Bound... bound) {
    if constexpr (Shape::template require<typename Bound::RuleType::Result...>()) {
      return TypedAggregation<V, Shape, Bound...>(std::move(bound)...);
    }
  }

  std::tuple<Aggregates...> aggregates_;
};

}  // namespace millrace::aggregates
