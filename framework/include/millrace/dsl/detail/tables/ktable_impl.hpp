// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operators of KTable that compute values from one table. Included by ktable.hpp.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/streams/kstream_impl.hpp"
#include "millrace/dsl/detail/tables/table_nodes.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace {

namespace detail {

/// True for a class that derives from ValueTransformerWithKey.
template <class P>
concept ValueTransformer = requires {
  typename P::KeyType;
  typename P::ValueIn;
  typename P::ValueOut;
}
&&std::derived_from<P, ValueTransformerWithKey<typename P::KeyType, typename P::ValueIn, typename P::ValueOut>>;

/// Checks the supplier of transform_values. It must return a new transformer for each task.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_transformer() {
  using P = typename Supplied<F>::Type;
  constexpr bool kSupplies = [] {
    if constexpr (ValueTransformer<P>) {
      return std::is_same_v<typename P::KeyType, K> && std::is_same_v<typename P::ValueIn, V>;
    } else {
      return false;
    }
  }();
  static_assert(kSupplies,
                "transform_values takes a function that returns a std::unique_ptr to a ValueTransformerWithKey<K, V, "
                "VOut> with the K and V of this table");
  return kSupplies;
}

}  // namespace detail

template <class K, class V>
template <class VOut, class Compute, class... Options>
KTable<K, VOut> KTable<K, V>::derive(Compute compute, const std::string& prefix, bool draws_store_name,
                                     const detail::CarriedSerde<VOut>& inherited,
                                     const std::vector<std::string>& stores, const Options&... options) const {
  auto& graph = *position_.graph;
  const auto materialized = detail::materialized_of(options...);
  const auto& settings = materialized.settings();
  // Kafka Streams draws this number and does not use it. Draw it too, so that later names stay equal.
  if (draws_store_name && settings.given && settings.store_name.empty()) (void)graph.new_store_name(prefix);
  // The node's name comes after the store's number, as in Java.
  const std::string name = graph.name_or(detail::named_of(options...).name(), prefix);

  // The keys do not change. Without a Materialized the table carries the serdes of the table before.
  auto keys = key_serde_;
  detail::CarriedSerde<VOut> values = inherited;
  std::vector<std::shared_ptr<const StoreBuilder>> added;
  std::optional<bool> versioned;
  if constexpr (detail::kHasMaterialized<Options...>) {
    // A Materialized decides for this table. Without one, the parent table decides.
    versioned = settings.history_retention.has_value();
    // Serdes are needed only if there is a store.
    keys = detail::find_serde<K>(settings.key_serde, key_serde_);
    values = detail::find_serde<VOut>(settings.value_serde, inherited);
    if (!settings.store_name.empty()) {
      // As in Kafka Streams, default.dsl.store does not apply to the store of a derived table.
      auto options_of_store = settings;
      options_of_store.medium = settings.medium.value_or(StoreMedium::rocksdb);
      added.push_back(detail::make_table_store<K, VOut>(settings.store_name, options_of_store,
                                                        detail::choose_serde<K>(settings.key_serde, key_serde_),
                                                        detail::choose_serde<VOut>(settings.value_serde, inherited)));
    }
  }
  // The table and each node get their own copy of `compute`, because user functions may have state.
  auto table = detail::share<detail::DerivedTable<K, V, VOut, Compute>>(processor_, compute.copy(), settings.store_name,
                                                                        versioned);
  auto next = detail::add_operator(
      position_, name,
      // The factory is called once per task, possibly by several threads. The shared object is constant; nodes copy it.
      [compute = detail::share<const Compute>(std::move(compute)), state = table->state()] {
        return detail::make_node<detail::DerivedTableNode<K, V, VOut, Compute>>(*compute, state);
      },
      {}, stores, std::move(added));
  return KTable<K, VOut>(std::move(next), std::move(keys), std::move(values), settings.store_name, std::move(table));
}

template <class K, class V>
template <class F, class... Options>
KTable<K, V> KTable<K, V>::filter(F predicate, const Options&... options) const {
  if constexpr (detail::require_table_options<Options...>() && detail::require_no_context<F, K, const V&>() &&
                detail::require_predicate<F, K, const V&>()) {
    return derive<V>(detail::FilterCompute<K, V, F>(std::move(predicate), true), "KTABLE-FILTER-", true, value_serde_,
                     {}, options...);
  }
}

template <class K, class V>
template <class F, class... Options>
KTable<K, V> KTable<K, V>::filter_not(F predicate, const Options&... options) const {
  if constexpr (detail::require_table_options<Options...>() && detail::require_no_context<F, K, const V&>() &&
                detail::require_predicate<F, K, const V&>()) {
    return derive<V>(detail::FilterCompute<K, V, F>(std::move(predicate), false), "KTABLE-FILTER-", true, value_serde_,
                     {}, options...);
  }
}

template <class K, class V>
template <class F, class... Options>
auto KTable<K, V>::map_values(F mapper, const Options&... options) const {
  if constexpr (detail::require_table_options<Options...>() && detail::require_no_context<F, K, V>() &&
                detail::require_result<F, K, V>()) {
    using VOut = detail::NonNull<typename detail::CallResult<F, K, V>::Type>;
    // The value has a new type, so no value serde is inherited.
    return derive<VOut>(detail::MapValuesCompute<K, V, VOut, F>(std::move(mapper)), "KTABLE-MAPVALUES-", true, {}, {},
                        options...);
  }
}

template <class K, class V>
template <class F, class... Options>
auto KTable<K, V>::transform_values(F supplier, const std::vector<std::string>& stores,
                                    const Options&... options) const {
  if constexpr (detail::require_table_options<Options...>() && detail::require_transformer<F, K, V>()) {
    using VOut = typename detail::Supplied<F>::Type::ValueOut;
    // Java draws no number for the store here, so draws_store_name is false.
    return derive<VOut>(detail::TransformCompute<K, V, VOut, F>(std::move(supplier)), "KTABLE-TRANSFORMVALUES-", false,
                        {}, stores, options...);
  }
}

template <class K, class V>
KStream<K, std::optional<V>> KTable<K, V>::to_stream(const Named& named) const {
  // Empty if the table has no value serde.
  detail::CarriedSerde<std::optional<V>> values;
  // The stream has nullopt for deletions, which the serde writes as null.
  if (value_serde_) values = AnySerde<std::optional<V>>(*value_serde_);
  auto next = detail::add_operator(
      position_, position_.graph->name_or(named.name(), "KTABLE-TOSTREAM-"),
      +[] { return detail::make_node<detail::TableToStreamNode<K, V>>(); });
  // Lets an aggregation downstream know that updates can be out of order.
  next.versioned = processor_->versioned();
  return KStream<K, std::optional<V>>(std::move(next), key_serde_, std::move(values));
}

}  // namespace millrace
