// SPDX-License-Identifier: Apache-2.0
#pragma once

// The joins of tables with the same key. Included by ktable.hpp.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/joins/table_join_nodes.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace {
namespace detail {

/// Checks that both tables have keys of the same type. Otherwise the user wants a foreign-key join.
template <class K, class K2>
[[nodiscard]] constexpr bool require_same_table_key() {
  constexpr bool kSameKey = std::is_same_v<K, K2>;
  static_assert(kSameKey,
                "the two tables have keys of different types: give a function that makes the other table's key from "
                "this one's value, join(other, foreign_key, joiner)");
  return kSameKey;
}

/// The name `<given>-<suffix>`, or a generated name if `given` is empty.
[[nodiscard]] inline std::string suffixed_name(Graph& graph, const std::string& given, const std::string& suffix,
                                               const std::string& prefix) {
  return graph.name_or(given.empty() ? given : given + suffix, prefix);
}

}  // namespace detail

template <class K, class V>
template <typename KTable<K, V>::JoinKind Kind, class V2, class F, class... Options>
auto KTable<K, V>::join_tables(const KTable<K, V2>& other, F function, const Options&... options) const {
  static constexpr bool kLeftMayBeAbsent = Kind == JoinKind::outer;
  static constexpr bool kRightMayBeAbsent = Kind != JoinKind::inner;
  using VOut = detail::NonNull<std::remove_cvref_t<decltype(detail::call_joiner<kLeftMayBeAbsent, kRightMayBeAbsent>(
      std::declval<F&>(), std::declval<const K&>(), std::declval<const V*>(), std::declval<const V2*>()))>>;
  using Joiner = detail::TableJoiner<kLeftMayBeAbsent, kRightMayBeAbsent, K, V, V2, VOut, F>;

  detail::require_one_builder(position_, other.position(), "join");
  auto& graph = *position_.graph;
  const auto materialized = detail::materialized_of(options...);
  const auto& settings = materialized.settings();
  // Empty if the user gives no name.
  const std::string given = detail::named_of(options...).name();
  // Without a Materialized no number is drawn for a store, as in Kafka Streams.
  const std::string store_name =
      !settings.given || !settings.store_name.empty() ? settings.store_name : graph.new_store_name("KTABLE-MERGE-");
  // The node of the result. Its number is drawn before those of the two sides, as in Java.
  const std::string merge = graph.name_or(given, "KTABLE-MERGE-");
  // Rows with equal keys must be in the same task, so the topics of both tables must be co-partitioned.
  auto sources = position_.sources;
  sources.insert(other.position().sources.begin(), other.position().sources.end());
  graph.require_copartitioning(sources, merge);

  // A left or outer join emits a tombstone when a row loses its last value. It sees this only if it gets old values.
  if (Kind != JoinKind::inner) processor_->enable_sending_old_values(true);
  if (Kind == JoinKind::outer) other.processor()->enable_sending_old_values(true);
  // Each side's node reads the other table, so it is connected to the stores through which that table is read.
  const auto left_stores = processor_->getter_stores();
  const auto right_stores = other.processor()->getter_stores();
  const std::string this_name = detail::suffixed_name(graph, given, "-join-this", "KTABLE-JOINTHIS-");
  const std::string other_name = detail::suffixed_name(graph, given, "-join-other", "KTABLE-JOINOTHER-");

  auto keys = key_serde_;
  detail::CarriedSerde<VOut> values;
  std::vector<std::shared_ptr<const StoreBuilder>> stores;
  if constexpr (detail::kHasMaterialized<Options...>) {
    // Serdes are needed only for a store.
    keys = detail::choose_serde<K>(settings.key_serde, key_serde_);
    values = detail::choose_serde<VOut>(settings.value_serde);
    stores.push_back(detail::make_table_store<K, VOut>(store_name, settings, *keys, *values));
  }
  const Joiner joiner{std::move(function)};
  // The table gets its own copy of the joiner: its getters compute values too.
  auto table = detail::share<detail::JoinedTable<K, VOut, Joiner>>(processor_, other.processor(), joiner, store_name,
                                                                   settings.history_retention.has_value());
  detail::GraphNode node(merge);
  // One graph node becomes three topology nodes: the two sides, and the node where their results meet.
  //
  // Runs in build(). It copies what it needs, because the table's handles may be gone by then.
  node.write = [=, left = processor_, right = other.processor(), left_parent = position_.name,
                right_parent = other.position().name,
                state = table->state()](const detail::GraphNode&, detail::TopologyBuilder& builder) {
    // Each node gets changes of its own table, and reads the other one through a getter.
    using LeftNode = detail::TableJoinNode<true, K, VOut, Joiner>;
    using RightNode = detail::TableJoinNode<false, K, VOut, Joiner>;
    builder.add_processor(
        this_name, [=] { return detail::make_node<LeftNode>(joiner, right->make_getter(), left->versioned(), state); },
        {left_parent});
    builder.add_processor(
        other_name,
        [=] { return detail::make_node<RightNode>(joiner, left->make_getter(), right->versioned(), state); },
        {right_parent});
    builder.add_processor(merge, [state] { return detail::make_node<detail::TableJoinMergeNode<K, VOut>>(state); },
                          {this_name, other_name});
    // Each side reads the other table. The store of the result belongs to the merge node.
    for (const auto& store : stores) builder.add_state_store(store, {merge});
    builder.connect(this_name, right_stores);
    builder.connect(other_name, left_stores);
  };
  auto next = position_;
  next.node = &graph.add(std::move(node), {position_.node, other.position().node});
  next.name = merge;
  // A later join must be co-partitioned with the topics of both tables.
  next.sources = std::move(sources);
  return KTable<K, VOut>(std::move(next), std::move(keys), std::move(values), store_name, std::move(table));
}

// Checks the types before join_tables() is instantiated, so that a mistake gives one readable error.
template <class K, class V>
template <typename KTable<K, V>::JoinKind Kind, class K2, class V2, class F, class... Options>
auto KTable<K, V>::checked_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const {
  if constexpr (detail::require_table_options<Options...>() && detail::require_same_table_key<K, K2>()) {
    if constexpr (detail::require_joiner<Kind == JoinKind::outer, Kind != JoinKind::inner, K, V, V2, F>()) {
      return join_tables<Kind>(other, std::move(joiner), options...);
    }
  }
}

template <class K, class V>
template <class K2, class V2, class F, class... Options>
auto KTable<K, V>::join(const KTable<K2, V2>& other, F joiner, const Options&... options) const {
  return checked_join<JoinKind::inner>(other, std::move(joiner), options...);
}

template <class K, class V>
template <class K2, class V2, class F, class... Options>
auto KTable<K, V>::left_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const {
  return checked_join<JoinKind::left>(other, std::move(joiner), options...);
}

template <class K, class V>
template <class K2, class V2, class F, class... Options>
auto KTable<K, V>::outer_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const {
  return checked_join<JoinKind::outer>(other, std::move(joiner), options...);
}

}  // namespace millrace
