// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "millrace/dsl/kstream.hpp"

namespace millrace::detail {

/// A stream grouped by key, as its aggregations see it. Shared by all handles of the grouping. Build phase only, one
/// thread. (Kafka Streams: `GroupedStreamAggregateBuilder`.)
template <class K, class V>
class Grouping {
 public:
  using MakeRepartition = std::function<GraphNode(const std::string& prefix)>;

  /// `name`: the user's, or empty. `make_repartition` is called only if the stream's key was changed.
  Grouping(KStream<K, V> stream, std::string name, CarriedSerde<K> key_serde, CarriedSerde<V> value_serde,
           MakeRepartition make_repartition)
      : stream_(std::move(stream)),
        name_(std::move(name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        make_repartition_(std::move(make_repartition)) {}

  [[nodiscard]] Graph& graph() const { return *stream_.position().graph; }
  [[nodiscard]] const StreamPosition& position() const { return stream_.position(); }
  // Aggregations never see nulls, so their serdes are those of the plain types.
  [[nodiscard]] CarriedSerde<NonNull<K>> key_serde() const { return strip_serde<K>(key_serde_); }
  [[nodiscard]] CarriedSerde<NonNull<V>> value_serde() const { return strip_serde<V>(value_serde_); }

  /// Makes the repartition node. Its topic is named after the grouping, or after the aggregation's store.
  [[nodiscard]] GraphNode make_repartition(const std::string& store) const {
    return make_repartition_(name_.empty() ? store : name_);
  }

  /// Where an aggregation is added: behind a repartition topic, if the stream's key was changed. All aggregations share
  /// one topic if the grouping has a name.
  [[nodiscard]] StreamPosition input(const std::string& store) {
    auto next = position();
    if (!next.key_changed) return next;
    // Kafka Streams draws the names even if an existing topic is reused.
    auto fresh = make_repartition(store);
    next.sources = {fresh.name};
    if (repartition_ == nullptr || name_.empty()) {
      repartition_ = &graph().add(std::move(fresh), {next.node});
    } else {
      // Kafka Streams adds the node again, which moves it back in the order of writing.
      graph().add_again(*repartition_);
    }
    next.node = repartition_;
    next.key_changed = false;
    return next;
  }

 private:
  // A handle on the stream. It keeps the graph alive.
  KStream<K, V> stream_;
  std::string name_;
  CarriedSerde<K> key_serde_;
  CarriedSerde<V> value_serde_;
  MakeRepartition make_repartition_;
  GraphNode* repartition_ = nullptr;  // owned by the graph; null: none yet
};

}  // namespace millrace::detail
