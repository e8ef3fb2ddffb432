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

/// A regular expression that a source's topics must match whole. (ECMAScript syntax; Java: `java.util.regex.Pattern`.)
struct Pattern {
  std::string regex;
};

/// Where a topology begins.
///
///     StreamsBuilder builder;
///     builder.stream<std::string, std::string>("in").filter(...).to("out");
///     Topology topology = builder.build();
///
/// Errors: TopologyException, naming the node, topic or store. Threads: one. (Kafka Streams: `StreamsBuilder`.)
class StreamsBuilder {
 public:
  StreamsBuilder() : graph_(detail::Graph::make()) {}

  /// Reads one topic, or several, or all that match a pattern, as records of K and V. Reading a topic whose keys do not
  /// matter as `Unkeyed` says so; nulls need std::optional types.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed = {}) {
    return add_source<K, V>({topic}, std::nullopt, consumed);
  }
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(const std::vector<std::string>& topics, const BasicConsumed<KS, VS, X>& consumed = {}) {
    if (topics.empty()) throw TopologyException("stream: name at least one topic");
    return add_source<K, V>(topics, std::nullopt, consumed);
  }
  /// `{"a", "b"}`, which without this could also be read as one std::string made from two pointers.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(std::initializer_list<const char*> topics, const BasicConsumed<KS, VS, X>& consumed = {}) {
    return stream<K, V>(std::vector<std::string>(topics.begin(), topics.end()), consumed);
  }
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor>
  KStream<K, V> stream(const Pattern& pattern, const BasicConsumed<KS, VS, X>& consumed = {}) {
    return add_source<K, V>({}, pattern.regex, consumed);
  }

  /// Reads a topic as a table: the last value of each key; null deletes, records without key are dropped and counted.
  /// Kept in a store if `materialized` names it or if something downstream needs it.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor,
            class MKS = detail::NoSerde, class MVS = detail::NoSerde>
  KTable<K, V> table(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed = Consumed(),
                     const BasicMaterialized<MKS, MVS>& materialized = Materialized::none());
  template <class K, class V, class MKS, class MVS>
  KTable<K, V> table(const std::string& topic, const BasicMaterialized<MKS, MVS>& materialized) {
    return table<K, V>(topic, Consumed(), materialized);
  }

  /// Reads all partitions of a topic into a table that each instance holds whole.
  template <class K, class V, class KS = detail::NoSerde, class VS = detail::NoSerde, class X = detail::NoExtractor,
            class MKS = detail::NoSerde, class MVS = detail::NoSerde>
  GlobalKTable<K, V> global_table(const std::string& topic, const BasicConsumed<KS, VS, X>& consumed = Consumed(),
                                  const BasicMaterialized<MKS, MVS>& materialized = Materialized::none());
  template <class K, class V, class MKS, class MVS>
  GlobalKTable<K, V> global_table(const std::string& topic, const BasicMaterialized<MKS, MVS>& materialized) {
    return global_table<K, V>(topic, Consumed(), materialized);
  }

  /// A store that every processor may read without naming it, filled on each instance from all partitions of `topic`:
  /// `supplier()` makes a std::unique_ptr to a Processor<K, V, KOut, VOut> that puts the records into the store.
  /// It must not change them on the way: after a restart the store gets the topic's records as they are.
  /// The records' types must be named: `add_global_store<std::string, std::int64_t>(store, "topic", Consumed(),
  /// supplier)`.
  template <class K, class V, class F, class KS = detail::NoSerde, class VS = detail::NoSerde,
            class X = detail::NoExtractor>
  StreamsBuilder& add_global_store(StoreBuilder store, const std::string& topic,
                                   const BasicConsumed<KS, VS, X>& consumed, F supplier);

  /// Makes a store available to processors, which name it in process() and process_values().
  StreamsBuilder& add_state_store(StoreBuilder store) {
    graph_->add_state_store(detail::shared_store(std::move(store)));
    return *this;
  }

  /// Finishes the topology; the builder cannot be used afterwards.
  [[nodiscard]] Topology build() { return graph_->build(); }
  /// The same with the configuration's `topology.optimization` and `ensure.explicit.internal.resource.naming`.
  /// (A StreamsConfig.)
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
    detail::SourceSettings<K, V> source{detail::choose_serde<K>(settings.key_serde),
                                        detail::choose_serde<V>(settings.value_serde),
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
                         detail::carried_serde<K>(settings.key_serde), detail::carried_serde<V>(settings.value_serde));
  }

  std::shared_ptr<detail::Graph> graph_;
};

}  // namespace millrace

#include "millrace/dsl/detail/tables/builder_tables_impl.hpp"
