// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/tables/table_source.hpp"
#include "millrace/dsl/global_ktable.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace {

/// A regular expression for topic names, in ECMAScript syntax. A topic's whole name must match. (Java:
/// `java.util.regex.Pattern`.)
struct Pattern {
  std::string regex;
};

/// Builds a topology. (Kafka Streams: `StreamsBuilder`.)
///
///     StreamsBuilder builder;
///     builder.stream<std::string, std::string>("in").filter(...).to("out");
///     Topology topology = builder.build();
///
/// Errors   TopologyException, which names the node, topic or store
/// Threads  one thread at a time
class StreamsBuilder {
 public:
  StreamsBuilder() : graph_(detail::Graph::make()) {}

  /// Reads topics as a stream of records: one topic, several, or all that match a pattern. If the keys do not matter,
  /// read them as `Unkeyed`. If keys or values can be null, use std::optional types.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed = {}) {
    return add_source<K, V>({topic}, std::nullopt, consumed);
  }
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(const std::vector<std::string>& topics, const BasicConsumed<KS, VS, X>& consumed = {}) {
    if (topics.empty()) throw TopologyException("stream: name at least one topic");
    return add_source<K, V>(topics, std::nullopt, consumed);
  }
  /// For `{"a", "b"}`. Without this overload, C++ could also read it as one std::string made from two pointers.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(std::initializer_list<const char*> topics, const BasicConsumed<KS, VS, X>& consumed = {}) {
    return stream<K, V>(std::vector<std::string>(topics.begin(), topics.end()), consumed);
  }
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(const Pattern& pattern, const BasicConsumed<KS, VS, X>& consumed = {}) {
    return add_source<K, V>({}, pattern.regex, consumed);
  }

  /// Reads a topic as a table: the last value of each key. A null value deletes the key. Records without a key are
  /// dropped and counted. The table has a store if `materialized` names one, or if an operator downstream needs it.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor,
            class MKS = detail::NoSerde, class MVS = detail::NoSerde>
  KTable<K, V> table(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed = Consumed(),
                     const BasicMaterialized<MKS, MVS>& materialized = Materialized::none());
  template <class K, class V, class MKS, class MVS>
  KTable<K, V> table(const std::string& topic, const BasicMaterialized<MKS, MVS>& materialized) {
    return table<K, V>(topic, Consumed(), materialized);
  }

  /// Reads a topic as a global table: every instance reads all partitions and holds the whole table.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor,
            class MKS = detail::NoSerde, class MVS = detail::NoSerde>
  GlobalKTable<K, V> global_table(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed = Consumed(),
                                  const BasicMaterialized<MKS, MVS>& materialized = Materialized::none());
  template <class K, class V, class MKS, class MVS>
  GlobalKTable<K, V> global_table(const std::string& topic, const BasicMaterialized<MKS, MVS>& materialized) {
    return global_table<K, V>(topic, Consumed(), materialized);
  }

  /// Adds a store that every processor may read without being connected to it. Each instance fills it from all
  /// partitions of `topic`. `supplier()` returns a std::unique_ptr to a Processor<K, V, KOut, VOut> that puts the
  /// records into the store. The processor must not change the records: after a restart the store is restored from the
  /// unchanged topic.
  ///
  /// Give the types explicitly: `add_global_store<std::string, std::int64_t>(store, "topic", Consumed(), supplier)`.
  template <class K, class V, class F, class KS = detail::NoSerde, class VS = detail::NoSerde,
            class X = detail::NoExtractor>
  StreamsBuilder& add_global_store(StoreBuilder store, const std::string& topic,
                                   const BasicConsumed<KS, VS, X>& consumed, F supplier);

  /// Adds a store. Processors connect to it by its name, in process() and process_values().
  StreamsBuilder& add_state_store(StoreBuilder store) {
    graph_->add_state_store(detail::shared_store(std::move(store)));
    return *this;
  }

  /// Builds the topology, without optimizations. The builder cannot be used afterwards.
  [[nodiscard]] Topology build() { return graph_->build(); }
  /// The same, with the settings `topology.optimization` and `ensure.explicit.internal.resource.naming` of a
  /// StreamsConfig.
  template <class Config>
  [[nodiscard]] Topology build(const Config& config) {
    return graph_->build(detail::Optimizations::parse(config.get_string("topology.optimization")),
                         config.get_bool("ensure.explicit.internal.resource.naming"));
  }

 private:
  template <class K, class V, class KS, class VS, class X>
  [[gnu::cold]] KStream<K, V> add_source(std::vector<std::string> topics, std::optional<std::string> pattern,
                                         const BasicConsumed<KS, VS, X>& consumed) {
    const auto& settings = consumed.settings();
    detail::SourceSettings<K, V> source{detail::choose_deserializer<K>(settings.key_serde),
                                        detail::choose_deserializer<V>(settings.value_serde),
                                        settings.timestamps.value_or(TimestampPolicy::fail_on_invalid),
                                        !settings.timestamps.has_value(),
                                        {}};
    if constexpr (detail::require_extractor<X, K, V>()) source.extractor = settings.extractor;
    return KStream<K, V>(detail::add_source(graph_, settings.name,
                                            {std::move(topics),
                                             std::move(pattern),
                                             settings.offset_reset,
                                             {typeid(K), typeid(V)},
                                             detail::factory_from<detail::SourceNode<K, V>>(std::move(source))}),
                         detail::serde_of_source<K>(settings.key_serde),
                         detail::serde_of_source<V>(settings.value_serde));
  }

  std::shared_ptr<detail::Graph> graph_;
};

}  // namespace millrace

#include "millrace/dsl/detail/tables/builder_tables_impl.hpp"
