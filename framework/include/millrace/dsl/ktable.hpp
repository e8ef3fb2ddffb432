#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/aggregate_nodes.hpp"
#include "millrace/dsl/detail/table_processor.hpp"
#include "millrace/dsl/kstream.hpp"

namespace millrace {

/// A changelog of values by key: each record replaces the one before with the same key.
/// A handle: copies mean the same table. Threads: build phase only. (Kafka Streams: `KTable`.)
template <class K, class V>
class KTable {
 public:
  using Key = K;
  using Value = V;

  /// The table's updates as a stream; nullopt stands for a deletion.
  [[nodiscard]] KStream<K, std::optional<V>> to_stream(const Named& named = {}) const {
    auto next = position_;
    next.name = next.graph->name_or(named.name(), "KTABLE-TOSTREAM-");
    detail::GraphNode node(next.name);
    node.write = detail::write_processor([] { return std::make_unique<detail::TableToStreamNode<K, V>>(); });
    next.node = &next.graph->add(std::move(node), {position_.node});
    detail::CarriedSerde<std::optional<V>> values;
    if (value_serde_) values = AnySerde<std::optional<V>>(*value_serde_);
    return KStream<K, std::optional<V>>(std::move(next), key_serde_, std::move(values));
  }

  /// to_stream and select_key in one. Marks the key as changed.
  template <class F>
  requires(!std::is_convertible_v<F, Named>) [[nodiscard]] auto to_stream(F mapper, const Named& named = {}) const {
    return to_stream(named).select_key(std::move(mapper));
  }

  /// The name under which the table's store can be queried; empty if it has none that the user gave.
  [[nodiscard]] const std::string& queryable_store_name() const { return queryable_store_name_; }

  // --- for the engine's own use

  KTable(detail::StreamPosition position, detail::CarriedSerde<K> key_serde, detail::CarriedSerde<V> value_serde,
         std::string queryable_store_name, std::shared_ptr<detail::TableProcessor<K, V>> processor)
      : position_(std::move(position)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        queryable_store_name_(std::move(queryable_store_name)),
        processor_(std::move(processor)) {}

  [[nodiscard]] const detail::StreamPosition& position() const { return position_; }
  [[nodiscard]] const detail::CarriedSerde<K>& key_serde() const { return key_serde_; }
  [[nodiscard]] const detail::CarriedSerde<V>& value_serde() const { return value_serde_; }
  [[nodiscard]] const std::shared_ptr<detail::TableProcessor<K, V>>& processor() const { return processor_; }

 private:
  detail::StreamPosition position_;
  detail::CarriedSerde<K> key_serde_;
  detail::CarriedSerde<V> value_serde_;
  std::string queryable_store_name_;
  std::shared_ptr<detail::TableProcessor<K, V>> processor_;
};

}  // namespace millrace
