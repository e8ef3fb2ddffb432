// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operators of KStream that involve tables: to_table, and the joins with KTable and GlobalKTable. Included by
// kstream.hpp.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/joins/stream_table_nodes.hpp"
#include "millrace/dsl/detail/streams/kstream_impl.hpp"
#include "millrace/dsl/detail/tables/table_source.hpp"
#include "millrace/dsl/global_ktable.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace {
namespace detail {

/// Throws TopologyException if a stream must be repartitioned but has no serde to write it with.
template <class K, class V>
void require_repartition_serdes(const CarriedSerde<K>& keys, const CarriedSerde<V>& values, const std::string& name,
                                const char* remedy) {
  if (keys && values) return;
  throw TopologyException("'" + name + "' must repartition its stream, whose key was changed, but " +
                          missing_serde(keys, values) + ": give " + remedy);
}

/// Throws TopologyException if the records of a stream must wait and be logged, but there is no serde for them.
template <class K, class V>
void require_buffer_serdes(const CarriedSerde<K>& keys, const CarriedSerde<V>& values, const std::string& name) {
  if (keys && values) return;
  throw TopologyException("'" + name + "' must log the records of its stream that wait, but " +
                          missing_serde(keys, values) + ": give the join a Joined with serdes");
}

/// Checks that the key selector of a join with a GlobalKTable returns the table's key type.
template <class F, class K, class V, class KT>
[[nodiscard]] constexpr bool require_global_key() {
  if constexpr (require_result<F, K, const V&>()) {
    constexpr bool kGivesKey = std::is_same_v<NonNull<typename CallResult<F, K, const V&>::Type>, KT>;
    static_assert(kGivesKey,
                  "the key selector of a join with a GlobalKTable must return the table's key type, or std::optional "
                  "of it");
    return kGivesKey;
  }
  return false;
}

}  // namespace detail

template <class K, class V>
template <class... Options>
auto KStream<K, V>::to_table(const Options&... options) const {
  if constexpr (detail::require_table_options<Options...>() && detail::require_key<K>()) {
    using Key = detail::NonNull<K>;
    using Value = detail::NonNull<V>;
    auto next = position();
    // The position is a copy: this stream itself stays as it is.
    auto& graph = *next.graph;
    // Options may come in any order.
    const auto materialized = detail::materialized_of(options...);
    const auto& settings = materialized.settings();
    const std::string name = graph.name_or(detail::named_of(options...).name(), "KSTREAM-TOTABLE-");
    const std::string store_name =
        settings.store_name.empty() ? graph.new_store_name("KSTREAM-TOTABLE-") : settings.store_name;
    // Serdes may be missing if the table needs neither a store nor a repartition topic.
    const auto keys = detail::find_serde<Key>(settings.key_serde, detail::strip_serde<K>(key_serde()));
    const auto values = detail::find_serde<Value>(settings.value_serde, detail::strip_serde<V>(value_serde()));
    // Rows with equal keys must be in one task, so a stream with a changed key is repartitioned first.
    if (next.key_changed) {
      detail::require_repartition_serdes(keys, values, name, "to_table a Materialized with serdes");
      next.node = &graph.add(
          make_repartition(name, AnySerde<K>(*keys), AnySerde<V>(*values), std::nullopt, detail::NoPartitioner()),
          {next.node});
      next.sources = {next.node->name};
      next.key_changed = false;
    }
    detail::TableSourceState state;
    state.store_name = store_name;
    // The table has this store only if the user named it, or if an operator downstream asks for it.
    state.store = detail::find_table_store<Key, Value>(store_name, settings, keys, values);
    state.versioned = settings.history_retention.has_value();
    state.materialized = !settings.store_name.empty();
    // The table and its nodes share the state. An operator downstream may still ask for the store or for old values.
    auto table = detail::share<detail::SourceTable<Key, Value>>(std::move(state));
    detail::GraphNode node(name);
    // Runs in build(), when it is known whether the table needs its store.
    node.write = detail::write_table_source<K, V>(table->state());
    next.node = &graph.add(std::move(node), {next.node});
    next.name = name;
    return KTable<Key, Value>(std::move(next), keys, values, settings.store_name, std::move(table));
  }
}

template <class K, class V>
template <bool Left, class K2, class V2, class F, class Joined>
auto KStream<K, V>::join_table(const KTable<K2, V2>& table, F joiner, const Joined& joined) const {
  if constexpr (detail::require_key<K>() && detail::require_same_key<detail::NonNull<K>, K2>()) {
    if constexpr (detail::require_joiner<false, Left, K, detail::NonNull<V>, V2, F>()) {
      using VOut = std::remove_cvref_t<decltype(detail::call_joiner<false, Left>(
          std::declval<F&>(), std::declval<const K&>(), std::declval<const detail::NonNull<V>*>(),
          std::declval<const V2*>()))>;
      // Both must be in the same topology, or the join could never read the table.
      detail::require_one_builder(position(), table.position(), "join");
      auto& graph = *position().graph;
      const auto& settings = joined.settings();
      const auto keys = detail::find_serde<detail::NonNull<K>>(settings.key_serde, detail::strip_serde<K>(key_serde()));
      const auto values =
          detail::find_serde<detail::NonNull<V>>(settings.left_serde, detail::strip_serde<V>(value_serde()));
      // Only a check by the compiler: nothing here serializes table values.
      (void)detail::carried_serde<V2>(
          settings.right_serde);  // a compile-time check only: nothing here serializes table values
      auto left = position();
      // The table is partitioned by its key, so the stream must be partitioned the same way.
      if (left.key_changed) {
        const std::string& prefix = settings.name.empty() ? left.name : settings.name;
        detail::require_repartition_serdes(keys, values, prefix, "the join a Joined with serdes");
        left = repartition_for_join(prefix, AnySerde<K>(*keys), AnySerde<V>(*values)).position();
      }
      // The table's sources count too: its topics must have as many partitions as the stream's.
      auto next = left;
      next.sources.insert(table.position().sources.begin(), table.position().sources.end());
      next.name = graph.name_or(settings.name, Left ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-");
      graph.require_copartitioning(next.sources, next.name);
      detail::GraphNode node(next.name);
      // A left join emits records with a null key too, so a repartitioning before it must keep them.
      node.null_key_relaxed_join = Left;
      using Join = detail::StreamTableJoin<Left, K, V, K2, V2, VOut, detail::OwnKey, F>;
      // Each task gets its own getter and its own copy of the joiner.
      auto make_join = [joiner = std::move(joiner), processor = table.processor()] {
        return Join(detail::OwnKey(), joiner, processor->make_getter());
      };
      // Asking for the stores makes the table materialized, so ask once, in the build phase.
      const auto table_stores = table.processor()->getter_stores();
      if (settings.grace) {
        detail::require_buffer_serdes(keys, values, next.name);
        // Kafka Streams' name. The changelog topic of the buffer is named after it.
        const std::string buffer = next.name + "-Buffer";
        node.write = detail::write_processor(
            [make_join, buffer, keys = *keys, values = *values] {
              return detail::make_node<detail::GracedStreamTableJoinNode<K, V, VOut, Join>>(make_join(), buffer, keys,
                                                                                            values);
            },
            table_stores, {detail::make_grace_buffer(buffer, settings.grace->count())});
        // The table's store may be defined later in the program, so check its history only when the topology is
        // written.
        node.write = [write = std::move(node.write), table_stores, grace_ms = settings.grace->count()](
                         const detail::GraphNode& self, detail::TopologyBuilder& builder) {
          detail::require_history(builder, table_stores, grace_ms, self.name);
          write(self, builder);
        };
      } else {
        node.write = detail::write_processor(
            [make_join] { return detail::make_node<detail::StreamTableJoinNode<K, V, VOut, Join>>(make_join()); },
            table_stores);
      }
      // The table is no parent: its changes do not trigger the join.
      next.node = &graph.add(std::move(node), {left.node});
      next.key_changed = false;
      detail::CarriedSerde<K> key_serde_out = detail::carried_serde<K>(settings.key_serde);
      // The key is unchanged, so the stream's serde remains right.
      if (!key_serde_out) key_serde_out = key_serde();
      return KStream<K, VOut>(std::move(next), std::move(key_serde_out), nullptr);
    }
  }
}

template <class K, class V>
template <bool Left, class KG, class VG, class S, class F>
auto KStream<K, V>::join_global(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named) const {
  if constexpr (detail::require_global_key<S, K, V, KG>()) {
    using Selected = std::remove_cvref_t<typename detail::CallResult<S, K, const V&>::Type>;
    // In a left join the mapped key may be null; an inner join drops such records before the joiner is called.
    using MappedKey = std::conditional_t<Left, Selected, KG>;
    if constexpr (detail::require_global_joiner<Left, K, MappedKey, detail::NonNull<V>, VG, F>()) {
      using VOut = std::remove_cvref_t<decltype(detail::call_global_joiner<Left>(
          std::declval<F&>(), std::declval<const K&>(), std::declval<const MappedKey&>(),
          std::declval<const detail::NonNull<V>*>(), std::declval<const VG*>()))>;
      auto next = position();
      // A global table has no position in the graph, so require_one_builder() cannot check it.
      if (next.graph != table.graph()) {
        throw TopologyException("join: the stream behind '" + next.name + "' and the global table with store '" +
                                table.store_name() + "' belong to two StreamsBuilders");
      }
      // Kafka Streams uses the prefix of left joins for both kinds.
      next.name = next.graph->name_or(named.name(), "KSTREAM-LEFTJOIN-");
      detail::GraphNode node(next.name);
      node.null_key_relaxed_join = Left;
      using Join = detail::StreamTableJoin<Left, K, V, KG, VG, VOut, S, F>;
      // No connection to the store: every processor may read a global store.
      node.write = detail::write_processor(
          [selector = std::move(selector), joiner = std::move(joiner), store = table.store_name()] {
            return detail::make_node<detail::StreamTableJoinNode<K, V, VOut, Join>>(
                Join(selector, joiner, std::make_unique<detail::StoreGetter<KG, VG>>(store)));
          });
      next.node = &next.graph->add(std::move(node), {next.node});
      return KStream<K, VOut>(std::move(next), key_serde(), nullptr);
    }
  }
}

template <class K, class V>
template <class K2, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::join(const KTable<K2, V2>& table, F joiner, const BasicJoined<KS, LS, RS>& joined) const {
  return join_table<false>(table, std::move(joiner), joined);
}

template <class K, class V>
template <class K2, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::left_join(const KTable<K2, V2>& table, F joiner, const BasicJoined<KS, LS, RS>& joined) const {
  return join_table<true>(table, std::move(joiner), joined);
}

template <class K, class V>
template <class KG, class VG, class S, class F>
auto KStream<K, V>::join(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named) const {
  return join_global<false>(table, std::move(selector), std::move(joiner), named);
}

template <class K, class V>
template <class KG, class VG, class S, class F>
auto KStream<K, V>::left_join(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named) const {
  return join_global<true>(table, std::move(selector), std::move(joiner), named);
}

}  // namespace millrace
