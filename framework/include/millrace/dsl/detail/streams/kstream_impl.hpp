// SPDX-License-Identifier: Apache-2.0
#pragma once

// The stateless operators of KStream. Included by kstream.hpp.

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/streams/stateless_nodes.hpp"
#include "millrace/dsl/detail/text.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/processor/detail/source_sink.hpp"
#include "millrace/processor/processor.hpp"

namespace millrace {

namespace detail {

/// True if the user gave a partitioner. A compile error if the partitioner does not fit the stream's types.
template <class P, class K, class V>
[[nodiscard]] constexpr bool require_partitioner() {
  if constexpr (std::is_same_v<P, NoPartitioner>) {
    return false;
  } else {
    constexpr bool kFits = std::is_constructible_v<StreamPartitioner<K, V>, const P&>;
    static_assert(kFits,
                  "the partitioner must be callable as partitioner(topic, key, value, number_of_partitions) or "
                  "partitioner(topic, key, value, headers, number_of_partitions) and return "
                  "std::optional<std::set<std::int32_t>>");
    return kFits;
  }
}

/// Checks the function of print, which makes the text of a record.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_text() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kGivesText = std::is_constructible_v<std::string, typename CallResult<F, K, V>::Type>;
    static_assert(kGivesText, "the function given to print must return the text of a record, such as a std::string");
    return kGivesText;
  }
  return false;
}

/// The action of peek or for_each, for values that are not null.
template <class K, class V, class F>
[[nodiscard]] auto skipping_null(F action) {
  return [action = std::move(action)](const K& key, const V& value, const TaskContext& task) mutable {
    if (value) call(action, key, *value, task);
  };
}

/// Checks the function of to() that chooses the topic.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_topic_chooser() {
  constexpr bool kFits = std::is_constructible_v<TopicNameExtractor<K, V>, F>;
  static_assert(kFits,
                "to takes a topic's name, or a function called as f(key, value, record_context) that returns one");
  return kFits;
}

}  // namespace detail

template <class K, class V>
KStream<K, V>::KStream(detail::StreamPosition position, detail::CarriedSerde<K> key_serde,
                       detail::CarriedSerde<V> value_serde)
    : shared_(detail::share<Shared>(std::move(position), std::move(key_serde), std::move(value_serde))) {}

// Adds a node behind this stream. Empty serdes (nullptr): the operator changes the type, so the carried serde is gone.
template <class K, class V>
template <class KOut, class VOut>
KStream<KOut, VOut> KStream<K, V>::follow(const std::string& name, detail::NodeFactory factory, bool key_changed,
                                          detail::CarriedSerde<KOut> key_serde, detail::CarriedSerde<VOut> value_serde,
                                          std::vector<std::string> stores, bool value_changed,
                                          detail::ConnectedStores brought) const {
  return KStream<KOut, VOut>(detail::add_operator(position(), name, std::move(factory), {key_changed, value_changed},
                                                  std::move(stores), std::move(brought)),
                             std::move(key_serde), std::move(value_serde));
}

// filter and filter_not keep the record, so the stream keeps its serdes.
template <class K, class V>
template <class F>
KStream<K, V> KStream<K, V>::keep_if(bool wanted, F predicate, const Named& named) const {
  if constexpr (detail::SkipsNull<F, K, const V&>) {
    if constexpr (detail::require_predicate<F, K, const detail::NonNull<V>&>()) {
      return keep_if(
          wanted,
          [wanted, predicate = std::move(predicate)](const K& key, const V& value,
                                                     const detail::TaskContext& task) mutable {
            return value ? static_cast<bool>(detail::call(predicate, key, *value, task)) : wanted;
          },
          named);
    }
  } else if constexpr (detail::require_predicate<F, K, const V&>()) {
    return follow<K, V>(
        position().graph->name_or(named.name(), "KSTREAM-FILTER-"),
        [wanted, predicate = std::move(predicate)] {
          return detail::make_node<detail::FilterNode<K, V, F>>(predicate, wanted);
        },
        false, key_serde(), value_serde());
  }
  return *this;  // after an error of the compiler
}

template <class K, class V>
template <class F>
KStream<K, V> KStream<K, V>::filter(F predicate, const Named& named) const {
  return keep_if(true, std::move(predicate), named);
}

template <class K, class V>
template <class F>
KStream<K, V> KStream<K, V>::filter_not(F predicate, const Named& named) const {
  return keep_if(false, std::move(predicate), named);
}

// Key and value may get other types, so the carried serdes are dropped. The same holds for flat_map and process.
template <class K, class V>
template <class F>
auto KStream<K, V>::map(F mapper, const Named& named) const {
  if constexpr (detail::require_pair<F, K, V>()) {
    using Pair = detail::PairTypes<typename detail::CallResult<F, K, V>::Type>;
    using K2 = typename Pair::Key;
    using V2 = typename Pair::Value;
    return follow<K2, V2>(
        // Drawn in Java's order: each operator draws its number when it is called, also if the user gives a name.
        position().graph->name_or(named.name(), "KSTREAM-MAP-"),
        [mapper = std::move(mapper)] { return detail::make_node<detail::MapNode<K, V, K2, V2, F>>(mapper); }, true,
        nullptr, nullptr);
  }
}

// The key serde is kept, the value serde is dropped.
template <class K, class V>
template <class F>
auto KStream<K, V>::map_values(F mapper, const Named& named) const {
  if constexpr (detail::SkipsNull<F, K, V>) {
    using T = detail::NonNull<V>;
    if constexpr (detail::require_result<F, K, T>()) {
      using T2 = detail::NonNull<typename detail::CallResult<F, K, T>::Type>;
      return map_values(
          [mapper = std::move(mapper)](const K& key, V value,
                                       const detail::TaskContext& task) mutable -> std::optional<T2> {
            if (!value) return std::nullopt;
            return detail::call(mapper, key, *std::move(value), task);
          },
          named);
    }
  } else if constexpr (detail::require_result<F, K, V>()) {
    using V2 = typename detail::CallResult<F, K, V>::Type;
    return follow<K, V2>(
        position().graph->name_or(named.name(), "KSTREAM-MAPVALUES-"),
        [mapper = std::move(mapper)] { return detail::make_node<detail::MapValuesNode<K, V, V2, F>>(mapper); }, false,
        key_serde(), nullptr, {}, true);
  }
}

// The value serde is kept, the key serde is dropped.
template <class K, class V>
template <class F>
auto KStream<K, V>::select_key(F selector, const Named& named) const {
  if constexpr (detail::require_result<F, K, const V&>()) {
    using K2 = typename detail::CallResult<F, K, const V&>::Type;
    return follow<K2, V>(
        position().graph->name_or(named.name(), "KSTREAM-KEY-SELECT-"),
        [selector = std::move(selector)] { return detail::make_node<detail::SelectKeyNode<K, V, K2, F>>(selector); },
        true, nullptr, value_serde());
  }
}

template <class K, class V>
template <class F>
auto KStream<K, V>::flat_map(F mapper, const Named& named) const {
  if constexpr (detail::require_pair_range<F, K, V>()) {
    using Range = typename detail::CallResult<F, K, V>::Type;
    // The element's type decides the types of the new stream.
    using Pair = detail::PairTypes<typename detail::ElementOf<Range>::Type>;
    using K2 = typename Pair::Key;
    using V2 = typename Pair::Value;
    return follow<K2, V2>(
        position().graph->name_or(named.name(), "KSTREAM-FLATMAP-"),
        [mapper = std::move(mapper)] { return detail::make_node<detail::FlatMapNode<K, V, K2, V2, F>>(mapper); }, true,
        nullptr, nullptr);
  }
}

template <class K, class V>
template <class F>
auto KStream<K, V>::flat_map_values(F mapper, const Named& named) const {
  if constexpr (detail::SkipsNull<F, K, V>) {
    using T = detail::NonNull<V>;
    if constexpr (detail::require_range<F, K, T>()) {
      using Range = decltype(detail::call(mapper, std::declval<const K&>(), std::declval<T>(),
                                          std::declval<const detail::TaskContext&>()));
      using T2 = detail::NonNull<typename detail::ElementOf<std::remove_cvref_t<Range>>::Type>;
      return flat_map_values(
          [mapper = std::move(mapper)](const K& key, V value, const detail::TaskContext& task) mutable {
            std::vector<std::optional<T2>> values;
            if (!value) {
              values.emplace_back();
              return values;
            }
            for (auto&& element : detail::call(mapper, key, *std::move(value), task)) {
              values.emplace_back(detail::take_element<Range>(element));
            }
            return values;
          },
          named);
    }
  } else if constexpr (detail::require_range<F, K, V>()) {
    using V2 = typename detail::ElementOf<typename detail::CallResult<F, K, V>::Type>::Type;
    return follow<K, V2>(
        position().graph->name_or(named.name(), "KSTREAM-FLATMAPVALUES-"),
        [mapper = std::move(mapper)] { return detail::make_node<detail::FlatMapValuesNode<K, V, V2, F>>(mapper); },
        false, key_serde(), nullptr, {}, true);
  }
}

template <class K, class V>
template <class F>
KStream<K, V> KStream<K, V>::peek(F action, const Named& named) const {
  if constexpr (detail::SkipsNull<F, K, const V&>) {
    return peek(detail::skipping_null<K, V>(std::move(action)), named);
  } else if constexpr (detail::require_callable<F, K, const V&>()) {
    return follow<K, V>(
        position().graph->name_or(named.name(), "KSTREAM-PEEK-"),
        [action = std::move(action)] { return detail::make_node<detail::PeekNode<K, V, F>>(action); }, false,
        key_serde(), value_serde());
  }
  return *this;  // after an error of the compiler
}

// The resulting stream is not returned: nothing can follow.
template <class K, class V>
template <class F>
void KStream<K, V>::for_each(F action, const Named& named) const {
  if constexpr (detail::SkipsNull<F, K, const V&>) {
    for_each(detail::skipping_null<K, V>(std::move(action)), named);
  } else if constexpr (detail::require_callable<F, K, const V&>()) {
    follow<K, V>(
        position().graph->name_or(named.name(), "KSTREAM-FOREACH-"),
        [action = std::move(action)] { return detail::make_node<detail::ForEachNode<K, V, F>>(action); }, false,
        nullptr, nullptr);
  }
}

template <class K, class V>
void KStream<K, V>::print(const Printed& printed) const {
  print(printed, [](const K& key, const V& value) { return detail::to_text(key) + ", " + detail::to_text(value); });
}

// The label is the name of the node before print, as in Java.
template <class K, class V>
template <class F>
void KStream<K, V>::print(const Printed& printed, F text) const {
  if constexpr (detail::SkipsNull<F, K, const V&>) {
    if constexpr (detail::require_text<F, K, const detail::NonNull<V>&>()) {
      print(printed, [text = std::move(text)](const K& key, const V& value, const detail::TaskContext& task) mutable {
        return value ? std::string(detail::call(text, key, *value, task)) : detail::to_text(key) + ", null";
      });
    }
  } else if constexpr (detail::require_text<F, K, const V&>()) {
    // Made once, in the build phase. The writer belongs to `printed`.
    const std::string prefix = "[" + (printed.label().empty() ? position().name : printed.label()) + "]: ";
    // All tasks share the writer, which is thread-safe. Each task has its own copy of `text`.
    auto show = [prefix, writer = printed.writer(), text](const K& key, const V& value,
                                                          const detail::TaskContext& task) mutable {
      writer->write(prefix + std::string(detail::call(text, key, value, task)));
    };
    using Show = decltype(show);
    follow<K, V>(
        position().graph->name_or(printed.name(), "KSTREAM-PRINTER-"),
        [show = std::move(show)] { return detail::make_node<detail::ForEachNode<K, V, Show>>(show); }, false, nullptr,
        nullptr);
  }
}

// As in Kafka Streams, the result has no carried serdes: the two streams may have different ones.
template <class K, class V>
KStream<K, V> KStream<K, V>::merge(const KStream<K, V>& other, const Named& named) const {
  return KStream<K, V>(detail::add_merge(
                           position(), other.position(), named.name(),
                           +[] { return detail::make_node<detail::PassThroughNode<K, V>>(); }),
                       nullptr, nullptr);
}

template <class K, class V>
template <class P>
detail::GraphNode KStream<K, V>::make_repartition(const std::string& prefix, const AnySerde<K>& key_serde,
                                                  const AnySerde<V>& value_serde,
                                                  std::optional<std::int32_t> partitions, const P& partitioner) const {
  // Draws the names now. The optimizer may later merge this repartitioning with others of the same stream.
  detail::Repartition repartition = position().graph->new_repartition(prefix);
  repartition.partitions = partitions;
  // Whether the filter drops null keys is known only when the graph is complete.
  repartition.make_filter = [](bool drop_null_keys) {
    return detail::make_node<detail::NullKeyFilterNode<K, V>>(drop_null_keys);
  };
  // Without a partitioner the key decides, so equal keys reach the same task.
  detail::SinkSettings<K, V> sink{repartition.topic, {}, key_serde, value_serde, {}};
  if constexpr (detail::require_partitioner<P, K, V>()) sink.partitioner = partitioner;
  repartition.make_sink = detail::factory_from<detail::SinkNode<K, V>>(std::move(sink));
  // The application itself has written the topic's records, so their timestamps are always valid.
  repartition.make_source = detail::factory_from<detail::SourceNode<K, V>>(
      detail::SourceSettings<K, V>{key_serde, value_serde, TimestampPolicy::fail_on_invalid, false, {}});
  detail::GraphNode node(repartition.source_name);
  node.repartition = std::move(repartition);
  return node;
}

// Behind the topic the key counts as unchanged: grouping and joining need no second repartitioning.
template <class K, class V>
template <class KS, class VS, class P>
KStream<K, V> KStream<K, V>::repartition(const BasicRepartitioned<KS, VS, P>& repartitioned) const {
  if constexpr (detail::require_key<K>()) {
    const auto& settings = repartitioned.settings();
    // The name of the topic is `<prefix>-repartition`. A name from the user survives changes of the topology.
    const std::string prefix =
        settings.name.empty() ? position().graph->new_processor_name("KSTREAM-REPARTITION-") : settings.name;
    // The records are written to a topic and read again, so both serdes are needed.
    const auto keys = detail::choose_serde<K>(settings.key_serde, key_serde());
    const auto values = detail::choose_serde<V>(settings.value_serde, value_serde());
    auto node = make_repartition(prefix, keys, values, settings.partitions, settings.partitioner);
    // The user asked for this topic, so the optimizer must keep it.
    node.repartition->mergeable = false;
    auto& added = position().graph->add(std::move(node), {position().node});
    // The stream carries the serdes of the topic from here on.
    return KStream<K, V>(detail::behind_repartition(position(), added), keys, values);
  }
}

template <class K, class V>
KStream<K, V> KStream<K, V>::repartition_for_join(const std::string& prefix, const AnySerde<K>& key_serde,
                                                  const AnySerde<V>& value_serde) const {
  // As in Java, the names are drawn even if an earlier join of this stream has made the topic.
  auto fresh = make_repartition(prefix, key_serde, value_serde, std::nullopt, detail::NoPartitioner());
  // Joins without a name share one topic. A name asks for a topic with this name.
  if (shared_->join_repartition == nullptr || prefix != position().name) {
    shared_->join_repartition = &position().graph->add(std::move(fresh), {position().node});
  }
  return KStream<K, V>(detail::behind_repartition(position(), *shared_->join_repartition), key_serde, value_serde);
}

namespace detail {

/// The graph node of a sink with a fixed topic or a chosen one.
template <class K, class V, class Produced>
[[gnu::cold]] GraphNode sink_node(const std::string& name, SinkSettings<K, V> sink, const Produced& settings) {
  if constexpr (require_partitioner<std::remove_cvref_t<decltype(settings.partitioner)>, K, V>()) {
    sink.partitioner = settings.partitioner;
  }
  // As in Kafka Streams: a windowed record goes to the partition of its inner key.
  sink.partition_windows_by_inner_key = true;
  GraphNode node(name);
  if (sink.choose_topic) {
    // Read the type first: the sink is moved from below.
    std::string extractor_class(type_name(sink.choose_topic.target_type()));
    node.write = write_dynamic_sink(factory_from<SinkNode<K, V>>(std::move(sink)), std::move(extractor_class));
  } else {
    std::string topic = sink.topic;
    node.write = write_sink(factory_from<SinkNode<K, V>>(std::move(sink)), std::move(topic));
  }
  return node;
}

}  // namespace detail

template <class K, class V>
template <class KS, class VS, class P>
void KStream<K, V>::to(const std::string& topic, const BasicProduced<KS, VS, P>& produced) const {
  const auto& settings = produced.settings();
  auto& graph = *position().graph;
  // As in Kafka Streams, a sink's name is drawn even if the user gives one. A sink has no children.
  detail::SinkSettings<K, V> sink{topic,
                                  {},
                                  detail::choose_serializer<K>(settings.key_serde, key_serde()),
                                  detail::choose_serializer<V>(settings.value_serde, value_serde()),
                                  {}};
  graph.add(detail::sink_node<K, V>(graph.name_or(settings.name, "KSTREAM-SINK-"), std::move(sink), settings),
            {position().node});
}

template <class K, class V>
template <class F, class KS, class VS, class P>
requires(!std::convertible_to<F, std::string>) void KStream<K, V>::to(F choose,
                                                                      const BasicProduced<KS, VS, P>& produced) const {
  if constexpr (detail::require_topic_chooser<F, K, V>()) {
    const auto& settings = produced.settings();
    auto& graph = *position().graph;
    // An empty topic: `choose` returns the topic of each record.
    detail::SinkSettings<K, V> sink{{},
                                    std::move(choose),
                                    detail::choose_serializer<K>(settings.key_serde, key_serde()),
                                    detail::choose_serializer<V>(settings.value_serde, value_serde()),
                                    {}};
    graph.add(detail::sink_node<K, V>(graph.name_or(settings.name, "KSTREAM-SINK-"), std::move(sink), settings),
              {position().node});
  }
}

namespace detail {

/// True if the processor takes records of K and V.
template <class P, class K, class V>
concept TakesStreamOf = std::same_as<typename P::KeyIn, K> && std::same_as<typename P::ValueIn, V>;

/// A Processor for streams of K and V. It has a KeyOut; a FixedKeyProcessor has none.
template <class P, class K, class V>
concept ProcessorOf = requires {
  typename P::KeyOut;
}
&&TakesStreamOf<P, K, V>;
template <class P, class K, class V>
concept FixedKeyProcessorOf = !requires {
  typename P::KeyOut;
}
&&TakesStreamOf<P, K, V>;

}  // namespace detail

// The supplier is copied into the factory, which each task calls once.
template <class K, class V>
template <class F>
auto KStream<K, V>::process(F supplier, const std::vector<std::string>& stores, const Named& named) const {
  using P = typename detail::Supplied<F>::Type;
  constexpr bool kSuppliesProcessor = detail::ProcessorOf<P, K, V>;
  static_assert(kSuppliesProcessor,
                "process takes a function that returns a std::unique_ptr to a Processor<K, V, KOut, VOut> with the K "
                "and V of this stream");
  if constexpr (kSuppliesProcessor) {
    // The processor may change the key, so grouping and joining repartition behind it.
    using KOut = typename P::KeyOut;
    using VOut = typename P::ValueOut;
    auto& graph = *position().graph;
    const std::string name = named.name().empty() ? graph.new_processor_name("KSTREAM-PROCESSOR-") : named.name();
    return follow<KOut, VOut>(
        name, [supplier]() mutable { return detail::make_node<detail::ProcessorNode<K, V, KOut, VOut>>(supplier()); },
        true, nullptr, nullptr, stores, true, detail::connected_stores(supplier));
  }
}

template <class K, class V>
template <class F>
auto KStream<K, V>::process_values(F supplier, const std::vector<std::string>& stores, const Named& named) const {
  using P = typename detail::Supplied<F>::Type;
  constexpr bool kSuppliesProcessor = detail::FixedKeyProcessorOf<P, K, V>;
  static_assert(kSuppliesProcessor,
                "process_values takes a function that returns a std::unique_ptr to a FixedKeyProcessor<K, V, VOut> "
                "with the K and V of this stream");
  if constexpr (kSuppliesProcessor) {
    // The key cannot change, so the key serde is kept and no repartitioning is needed.
    using VOut = typename P::ValueOut;
    auto& graph = *position().graph;
    const std::string name = named.name().empty() ? graph.new_processor_name("KSTREAM-PROCESSVALUES-") : named.name();
    return follow<K, VOut>(
        name, [supplier]() mutable { return detail::make_node<detail::FixedKeyProcessorNode<K, V, VOut>>(supplier()); },
        false, key_serde(), nullptr, stores, true, detail::connected_stores(supplier));
  }
}

}  // namespace millrace
