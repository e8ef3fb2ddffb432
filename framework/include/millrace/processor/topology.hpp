// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/processor/auto_offset_reset.hpp"
#include "millrace/processor/detail/source_sink.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/processor/processor.hpp"

namespace millrace {

/// The settings of Topology::add_source. What is not set comes from the types and from the configuration.
template <class K, class V>
struct SourceOptions {
  AnyDeserializer<K> key_serde = detail::own_serde<K>();
  AnyDeserializer<V> value_serde = detail::own_serde<V>();
  std::optional<AutoOffsetReset> offset_reset = {};  ///< overrides auto.offset.reset
  std::optional<TimestampPolicy> timestamps = {};    ///< overrides default.timestamp.extractor
  TimestampExtractor<K, V> extractor = {};           ///< replaces `timestamps`; see TimestampExtractor
};

/// The settings of Topology::add_sink.
template <class K, class V>
struct SinkOptions {
  AnySerializer<K> key_serde = detail::own_serde<K>();
  AnySerializer<V> value_serde = detail::own_serde<V>();
  StreamPartitioner<K, V> partitioner = {};  ///< empty: the producer chooses the partition
};

/// A topology: the nodes, stores and topics of an application. (Kafka Streams: `Topology`.)
///
/// It is built by a StreamsBuilder, or by hand (the Processor API), or both: nodes can be added to the result of a
/// StreamsBuilder, behind nodes whose names are known. Streams and TopologyTestDriver run it. describe() prints it.
///
///     Topology topology;
///     topology.add_source<std::string, std::string>("in", {"words"})
///         .add_processor("count", [] { return std::make_unique<Count>(); }, {"in"})
///         .add_state_store(Stores::key_value_store<std::string, std::int64_t>("counts"), {"count"})
///         .add_sink<std::string, std::int64_t>("out", "totals", {"count"});
///
/// Copies   A copy is cheap. Adding to a copy does not change the original.
/// Errors   TopologyException, which names the node, store or topic
/// Threads  One while it is being built. Afterwards any number of Streams and drivers may use it.
class Topology {
 public:
  Topology();
  explicit Topology(std::shared_ptr<detail::TopologyBuilder> nodes) : nodes_(std::move(nodes)) {}

  /// Adds a source that reads these topics as records of K and V.
  template <class K, class V>
  Topology& add_source(const std::string& name, std::vector<std::string> topics, SourceOptions<K, V> options = {}) {
    auto spec = source_spec<K, V>(name, std::move(options));
    spec.topics = std::move(topics);
    change().add_source(std::move(spec));
    return *this;
  }
  /// Adds a source that reads all topics whose whole name matches a regular expression (ECMAScript syntax).
  template <class K, class V>
  Topology& add_source_pattern(const std::string& name, std::string regex, SourceOptions<K, V> options = {}) {
    auto spec = source_spec<K, V>(name, std::move(options));
    spec.pattern = std::move(regex);
    change().add_source(std::move(spec));
    return *this;
  }

  /// Adds a processor behind `parents`. It gets every record that they forward.
  /// supplier  `supplier()` returns a std::unique_ptr to a Processor or FixedKeyProcessor. Called once per task. If the
  ///           supplier has a method `stores()`, these stores are added and connected; see KStream::process.
  /// stores    names of stores that were added before
  template <class F>
  Topology& add_processor(const std::string& name, F supplier, std::vector<std::string> parents,
                          const std::vector<std::string>& stores = {}) {
    constexpr bool kSuppliesProcessor = !std::is_void_v<typename detail::Supplied<F>::Type>;
    static_assert(kSuppliesProcessor,
                  "add_processor takes a function that returns a std::unique_ptr to a Processor or FixedKeyProcessor");
    if constexpr (kSuppliesProcessor) {
      const detail::ConnectedStores brought = detail::connected_stores(supplier);
      auto spec = processor_spec(name, std::move(supplier));
      spec.predecessors = std::move(parents);
      change().add_processor(std::move(spec));
      for (const auto& store : brought) nodes_->add_state_store(store, {name});
      nodes_->connect(name, stores);
    }
    return *this;
  }

  /// Adds a sink: writes all records that the parents forward to a topic. The topic must exist.
  template <class K, class V>
  Topology& add_sink(const std::string& name, const std::string& topic, std::vector<std::string> parents,
                     SinkOptions<K, V> options = {}) {
    detail::SinkSettings<K, V> sink{
        topic, {}, std::move(options.key_serde), std::move(options.value_serde), std::move(options.partitioner)};
    auto spec = sink_spec(name, std::move(sink), std::move(parents));
    spec.topics = {topic};
    change().add_sink(std::move(spec));
    return *this;
  }
  /// Adds a sink that writes each record to the topic that `choose(key, value, record_context)` returns.
  template <class K, class V>
  Topology& add_sink(const std::string& name, TopicNameExtractor<K, V> choose, std::vector<std::string> parents,
                     SinkOptions<K, V> options = {}) {
    detail::SinkSettings<K, V> sink{{},
                                    std::move(choose),
                                    std::move(options.key_serde),
                                    std::move(options.value_serde),
                                    std::move(options.partitioner)};
    auto spec = sink_spec(name, std::move(sink), std::move(parents));
    spec.dynamic_topic = true;
    spec.extractor_class = "millrace::TopicNameExtractor";
    change().add_sink(std::move(spec));
    return *this;
  }

  /// Adds a store and connects these processors to it.
  Topology& add_state_store(StoreBuilder store, const std::vector<std::string>& processors = {});
  /// Connects a processor to stores that were added before.
  Topology& connect_processor_and_state_stores(const std::string& processor, const std::vector<std::string>& stores);

  /// Adds a global store. Every instance fills it from all partitions of `topic`, through the processor that
  /// `supplier()` makes. Every processor may read it without a connection.
  ///
  /// Give the types explicitly: `add_global_store<std::string, std::int64_t>(store, "source", "topic", "processor",
  /// supplier)`.
  template <class K, class V, class F>
  Topology& add_global_store(StoreBuilder store, const std::string& source, const std::string& topic,
                             const std::string& processor, F supplier, SourceOptions<K, V> options = {}) {
    constexpr bool kSuppliesProcessor = kTakes<F, K, V>;
    static_assert(kSuppliesProcessor,
                  "add_global_store takes a function that returns a std::unique_ptr to a Processor<K, V, KOut, VOut> "
                  "with the K and V that are named here");
    if constexpr (kSuppliesProcessor) {
      // The topic itself is the changelog.
      detail::definition_of(store).spec.logging = false;
      auto spec = source_spec<K, V>(source, std::move(options));
      spec.topics = {topic};
      change().add_global_store(std::move(spec), processor, processor_spec(processor, std::move(supplier)).factory,
                                detail::shared_store(std::move(store)));
    }
    return *this;
  }

  /// Adds a store that is filled from a topic. Each task fills its store from its own partition, through the processor
  /// that `supplier()` makes. The topic is read from its beginning. To read the store, connect other processors to it.
  ///
  /// The topic is also the store's changelog. A restore runs the processor again for the records of the topic, and
  /// drops the records that the processor forwards. So the processor should use no other store. If the processor uses
  /// another store, a restore copies the bytes of the topic instead and logs a warning.
  template <class K, class V, class F>
  Topology& add_read_only_state_store(StoreBuilder store, const std::string& source, const std::string& topic,
                                      const std::string& processor, F supplier, SourceOptions<K, V> options = {}) {
    constexpr bool kSuppliesProcessor = kTakes<F, K, V>;
    static_assert(
        kSuppliesProcessor,
        "add_read_only_state_store takes a function that returns a std::unique_ptr to a Processor<K, V, KOut, "
        "VOut> with the K and V that are named here");
    if constexpr (kSuppliesProcessor) {
      const std::string name = store.name();
      detail::definition_of(store).spec.logging = false;
      // The store must have the whole topic.
      options.offset_reset = AutoOffsetReset::earliest();
      add_source<K, V>(source, {topic}, std::move(options));
      add_processor(processor, std::move(supplier), {source});
      add_state_store(std::move(store), {processor});
      nodes_->use_source_as_changelog(name, topic);
    }
    return *this;
  }

  /// The text that `Topology.describe().toString()` of Kafka Streams prints for this topology, byte for byte.
  [[nodiscard]] std::string describe() const;

  /// The topology as a Mermaid flowchart, and as a Graphviz digraph.
  [[nodiscard]] std::string describe_mermaid() const;
  [[nodiscard]] std::string describe_graphviz() const;

  /// For the engine only.
  [[nodiscard]] const detail::TopologyBuilder& internal() const { return *nodes_; }

 private:
  // True if the supplier F makes a processor that takes records of K and V.
  template <class F, class K, class V>
  static constexpr bool kTakes = requires {
    requires std::same_as<typename detail::Supplied<F>::Type::KeyIn, K>;
    requires std::same_as<typename detail::Supplied<F>::Type::ValueIn, V>;
  };

  /// The builder to change. It is copied first if another Topology shares it.
  detail::TopologyBuilder& change();

  template <class K, class V>
  static detail::NodeSpec::Types types_of() {
    return {typeid(K), typeid(V)};
  }

  // These functions make nodes with declared types, so that add_processor() and add_sink() can compare them.
  template <class K, class V>
  static detail::NodeSpec source_spec(const std::string& name, SourceOptions<K, V> options) {
    detail::SourceSettings<K, V> source{std::move(options.key_serde), std::move(options.value_serde),
                                        options.timestamps.value_or(TimestampPolicy::fail_on_invalid),
                                        !options.timestamps.has_value(), std::move(options.extractor)};
    detail::NodeSpec spec;
    spec.name = name;
    spec.offset_reset = options.offset_reset;
    spec.gives = types_of<K, V>();
    spec.factory = detail::factory_from<detail::SourceNode<K, V>>(std::move(source));
    return spec;
  }

  template <class F>
  static detail::NodeSpec processor_spec(const std::string& name, F supplier) {
    using P = typename detail::Supplied<F>::Type;
    using K = typename P::KeyIn;
    using V = typename P::ValueIn;
    using VOut = typename P::ValueOut;
    detail::NodeSpec spec;
    spec.name = name;
    spec.takes = types_of<K, V>();
    if constexpr (requires { typename P::KeyOut; }) {
      using KOut = typename P::KeyOut;
      spec.gives = types_of<KOut, VOut>();
      spec.factory = [supplier]() mutable {
        return detail::make_node<detail::ProcessorNode<K, V, KOut, VOut>>(supplier());
      };
    } else {
      spec.gives = types_of<K, VOut>();
      spec.factory = [supplier]() mutable {
        return detail::make_node<detail::FixedKeyProcessorNode<K, V, VOut>>(supplier());
      };
    }
    return spec;
  }

  template <class K, class V>
  static detail::NodeSpec sink_spec(const std::string& name, detail::SinkSettings<K, V> sink,
                                    std::vector<std::string> parents) {
    // As in Kafka Streams, all windows of a key go to the same partition.
    sink.partition_windows_by_inner_key = true;
    detail::NodeSpec spec;
    spec.name = name;
    spec.predecessors = std::move(parents);
    spec.takes = types_of<K, V>();
    spec.factory = detail::factory_from<detail::SinkNode<K, V>>(std::move(sink));
    return spec;
  }

  // Shared by copies of this object until one of them changes.
  std::shared_ptr<detail::TopologyBuilder> nodes_;
};

}  // namespace millrace
