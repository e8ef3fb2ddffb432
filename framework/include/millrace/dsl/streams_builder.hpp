#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

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
  StreamsBuilder() : graph_(std::make_shared<detail::Graph>()) {}

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

  /// Makes a store available to processors, which name it in process() and process_values().
  StreamsBuilder& add_state_store(StoreBuilder store) {
    graph_->add_state_store(std::make_shared<StoreBuilder>(std::move(store)));
    return *this;
  }

  /// Finishes the topology; the builder cannot be used afterwards.
  [[nodiscard]] Topology build() { return graph_->build(); }

 private:
  template <class K, class V, class KS, class VS, class X>
  KStream<K, V> add_source(std::vector<std::string> topics, std::optional<std::string> pattern,
                           const BasicConsumed<KS, VS, X>& consumed) {
    const auto& settings = consumed.settings();
    detail::SourceSettings<K, V> source{detail::choose_serde<K>(settings.key_serde),
                                        detail::choose_serde<V>(settings.value_serde),
                                        settings.timestamps.value_or(TimestampPolicy::fail_on_invalid),
                                        !settings.timestamps.has_value(),
                                        {}};
    if constexpr (!std::is_same_v<X, detail::NoExtractor>) source.extractor = settings.extractor;
    detail::GraphNode node(graph_->name_or(settings.name, "KSTREAM-SOURCE-"));
    node.source = detail::GraphSource{
        std::move(topics), std::move(pattern), settings.offset_reset, {typeid(K), typeid(V)}, [source] {
          return std::make_unique<detail::SourceNode<K, V>>(source);
        }};
    detail::StreamPosition position;
    position.graph = graph_;
    position.name = node.name;
    position.sources = {node.name};
    position.node = &graph_->add_source(std::move(node));
    return KStream<K, V>(std::move(position), detail::carried_serde<K>(settings.key_serde),
                         detail::carried_serde<V>(settings.value_serde));
  }

  std::shared_ptr<detail::Graph> graph_;
};

}  // namespace millrace
