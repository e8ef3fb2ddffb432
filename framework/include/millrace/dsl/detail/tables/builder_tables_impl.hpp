// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tables and global stores of StreamsBuilder. Included by streams_builder.hpp.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/streams/kstream_impl.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/processor/detail/source_sink.hpp"
#include "millrace/processor/processor.hpp"

namespace millrace {
namespace detail {

/// Checks that a table's key and value types are not nullable, and that it has keys.
template <class K, class V>
[[nodiscard]] constexpr bool require_table_types() {
  constexpr bool kPlain = std::is_same_v<K, NonNull<K>> && std::is_same_v<V, NonNull<V>>;
  static_assert(kPlain,
                "a table's keys and values are never null: name their types without std::optional (null values delete, "
                "null keys are dropped)");
  constexpr bool kKeyed = !kIsUnkeyed<K>;
  static_assert(kKeyed, "a table needs keys: Unkeyed topics can only be read with stream()");
  return kPlain && kKeyed;
}

/// The source of a table. Its records may have null keys and values.
template <class K, class V, class Consumed>
[[nodiscard]] NodeSpec table_source_spec(const std::string& name, const std::string& topic, const Consumed& settings) {
  // A null value deletes a row, and a record with a null key is dropped and counted. So the source must accept both.
  using Key = std::optional<K>;
  using Value = std::optional<V>;
  // Null keys and values bypass the user's serdes: the serdes of std::optional handle them.
  SourceSettings<Key, Value> source{AnyDeserializer<Key>(choose_deserializer<K>(settings.key_serde)),
                                    AnyDeserializer<Value>(choose_deserializer<V>(settings.value_serde)),
                                    settings.timestamps.value_or(TimestampPolicy::fail_on_invalid),
                                    !settings.timestamps.has_value(),
                                    {}};
  using Extractor = std::remove_cvref_t<decltype(settings.extractor)>;
  if constexpr (kIsFieldTimestamp<Extractor>) {
    if constexpr (require_extractor<Extractor, Key, Value>()) source.extractor = settings.extractor;
  } else if constexpr (!std::is_same_v<Extractor, NoExtractor>) {
    constexpr bool kFits = std::is_constructible_v<TimestampExtractor<Key, Value>, Extractor>;
    static_assert(kFits,
                  "the timestamp extractor of a table must be callable as extractor(const Record<std::optional<K>, "
                  "std::optional<V>>&, Timestamp), optionally with a RecordMetadata as third argument: a table's topic "
                  "has null values");
    if constexpr (kFits) source.extractor = settings.extractor;
  }
  NodeSpec spec;
  spec.name = name;
  spec.topics = {topic};
  spec.offset_reset = settings.offset_reset;
  spec.factory = factory_from<SourceNode<Key, Value>>(std::move(source));
  return spec;
}

/// The names of a table's source node and of its processor node. `given` names the processor.
struct TableSourceNames {
  std::string source;
  std::string processor;
};
[[nodiscard]] inline TableSourceNames draw_table_source_names(Graph& graph, const std::string& given) {
  std::string source = graph.name_or(given.empty() ? given : given + "-source", "KSTREAM-SOURCE-");
  return {std::move(source), graph.name_or(given, "KTABLE-SOURCE-")};
}

}  // namespace detail

// Two topology nodes: a source, and a processor that makes each record an update of the table.
template <class K, class V, class KS, class VS, class X, class MKS, class MVS>
KTable<K, V> StreamsBuilder::table(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed,
                                   const BasicMaterialized<MKS, MVS>& materialized) {
  if constexpr (detail::require_table_types<K, V>()) {
    const auto& settings = consumed.settings();
    const auto& kept = materialized.settings();
    // Java draws the store's name first, then those of the nodes.
    const std::string store_name = kept.store_name.empty() ? graph_->new_store_name(topic + "-") : kept.store_name;
    const auto names = detail::draw_table_source_names(*graph_, settings.name);
    // The store uses the serdes of the topic, unless Materialized gives others or they only read.
    const auto keys = detail::choose_serde<K>(kept.key_serde, detail::serde_of_source<K>(settings.key_serde));
    const auto values = detail::choose_serde<V>(kept.value_serde, detail::serde_of_source<V>(settings.value_serde));

    detail::TableSourceState state;
    state.store_name = store_name;
    state.store = detail::make_table_store<K, V>(store_name, kept, keys, values);
    state.versioned = kept.history_retention.has_value();
    // Without a name from the user, an operator downstream decides whether there is a store.
    state.materialized = !kept.store_name.empty();
    auto table = detail::share<detail::SourceTable<K, V>>(std::move(state));
    detail::GraphNode node(names.processor);
    // The topic can serve as the store's changelog. build() decides that (topology.optimization).
    node.reads_table = true;
    // Runs in build(), when it is known whether the table needs its store.
    node.write = [topic, names, state = table->state(),
                  spec = detail::table_source_spec<K, V>(names.source, topic, settings)](
                     const detail::GraphNode& self, detail::TopologyBuilder& builder) {
      using Node = detail::TableSourceNode<std::optional<K>, std::optional<V>>;
      builder.add_source(spec);
      builder.add_processor(names.processor, [state] { return detail::make_node<Node>(state); }, {names.source});
      for (auto store : state->stores(names.processor)) {
        // The source topic is the changelog (topology.optimization), so the store must not write another one.
        if (self.reuse_source_topic) {
          StoreBuilder unlogged(*store);
          detail::definition_of(unlogged).spec.logging = false;
          builder.use_source_as_changelog(unlogged.name(), topic);
          store = detail::shared_store(std::move(unlogged));
        }
        builder.use_as_table_of(store->name(), topic);
        builder.add_state_store(store, {names.processor});
      }
    };
    detail::StreamPosition position;
    position.graph = graph_;
    position.name = names.processor;
    // Joins downstream are co-partitioned by the source, not by the processor.
    position.sources = {names.source};
    // No operator follows in the graph. Joins find the global table by its store's name.
    position.node = &graph_->add_source(std::move(node));
    return KTable<K, V>(std::move(position), keys, values, kept.store_name, std::move(table));
  }
}

// As table(), but the global thread of each instance runs the two nodes, for all partitions.
template <class K, class V, class KS, class VS, class X, class MKS, class MVS>
GlobalKTable<K, V> StreamsBuilder::global_table(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed,
                                                const BasicMaterialized<MKS, MVS>& materialized) {
  if constexpr (detail::require_table_types<K, V>()) {
    const auto& settings = consumed.settings();
    const auto& kept = materialized.settings();
    const std::string store_name = kept.store_name.empty() ? graph_->new_store_name(topic + "-") : kept.store_name;
    // Kafka Streams refuses this too.
    if (kept.history_retention) {
      throw TopologyException("global table of topic '" + topic + "': a global table cannot be versioned");
    }
    const auto names = detail::draw_table_source_names(*graph_, settings.name);
    const auto keys = detail::choose_serde<K>(kept.key_serde, detail::serde_of_source<K>(settings.key_serde));
    const auto values = detail::choose_serde<V>(kept.value_serde, detail::serde_of_source<V>(settings.value_serde));
    // A copy, because one setting of the user is overruled.
    auto options = static_cast<const MaterializedOptions&>(kept);
    // A global table is restored from its source topic, so it has no changelog.
    options.logging = false;

    detail::TableSourceState state;
    state.store_name = store_name;
    state.store = detail::make_table_store<K, V>(store_name, options, keys, values);
    // A global table always has its store.
    state.materialized = true;
    detail::GraphNode node(names.processor);
    node.write = [names, state = detail::share<const detail::TableSourceState>(std::move(state)),
                  spec = detail::table_source_spec<K, V>(names.source, topic, settings)](
                     const detail::GraphNode&, detail::TopologyBuilder& builder) {
      using Node = detail::TableSourceNode<std::optional<K>, std::optional<V>>;
      builder.add_global_store(
          spec, names.processor, [state] { return detail::make_node<Node>(state); }, state->store);
    };
    graph_->add_source(std::move(node));
    return GlobalKTable<K, V>(graph_, store_name, kept.store_name);
  }
}

// As global_table(), with the user's processor in place of the node that updates the store.
template <class K, class V, class F, class KS, class VS, class X>
StreamsBuilder& StreamsBuilder::add_global_store(StoreBuilder store, const std::string& topic,
                                                 const BasicConsumed<KS, VS, X>& consumed, F supplier) {
  using P = typename detail::Supplied<F>::Type;
  constexpr bool kSuppliesProcessor = detail::ProcessorOf<P, K, V>;
  static_assert(
      kSuppliesProcessor,
      "add_global_store takes a function that returns a std::unique_ptr to a Processor<K, V, KOut, VOut> with "
      "the K and V that are named here");
  if constexpr (kSuppliesProcessor) {
    const auto& settings = consumed.settings();
    const auto names = detail::draw_table_source_names(*graph_, settings.name);
    detail::SourceSettings<K, V> source{detail::choose_deserializer<K>(settings.key_serde),
                                        detail::choose_deserializer<V>(settings.value_serde),
                                        settings.timestamps.value_or(TimestampPolicy::fail_on_invalid),
                                        !settings.timestamps.has_value(),
                                        {}};
    if constexpr (detail::require_extractor<X, K, V>()) source.extractor = settings.extractor;
    // A global store is restored from its source topic, so it has no changelog.
    detail::definition_of(store).spec.logging = false;
    detail::GraphNode node(names.processor);
    node.write = [names, topic, make_source = detail::factory_from<detail::SourceNode<K, V>>(std::move(source)),
                  supplier, reset = settings.offset_reset, shared = detail::shared_store(std::move(store))](
                     const detail::GraphNode&, detail::TopologyBuilder& builder) {
      detail::NodeSpec spec;
      spec.name = names.source;
      spec.topics = {topic};
      spec.offset_reset = reset;
      spec.factory = make_source;
      // A processor of a global store forwards to no one.
      using Node = detail::ProcessorNode<K, V, typename P::KeyOut, typename P::ValueOut>;
      builder.add_global_store(
          std::move(spec), names.processor, [supplier]() mutable { return detail::make_node<Node>(supplier()); },
          shared);
    };
    graph_->add_source(std::move(node));
  }
  return *this;
}

}  // namespace millrace
