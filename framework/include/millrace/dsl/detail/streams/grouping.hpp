#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "millrace/dsl/kstream.hpp"

namespace millrace::detail {

/// A stream grouped by its keys, as its aggregations see it; shared by all handles of the grouping.
template <class K, class V>
class Grouping {
 public:
  using MakeRepartition = std::function<GraphNode(const std::string& prefix)>;

  /// `name`: given by the user, else empty. `make_repartition` is only used if the stream was re-keyed.
  Grouping(KStream<K, V> stream, std::string name, CarriedSerde<K> key_serde, CarriedSerde<V> value_serde,
           MakeRepartition make_repartition)
      : stream_(std::move(stream)),
        name_(std::move(name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        make_repartition_(std::move(make_repartition)) {}

  [[nodiscard]] Graph& graph() const { return *stream_.position().graph; }
  [[nodiscard]] const StreamPosition& position() const { return stream_.position(); }
  [[nodiscard]] CarriedSerde<NonNull<K>> key_serde() const { return strip_serde<K>(key_serde_); }
  [[nodiscard]] CarriedSerde<NonNull<V>> value_serde() const { return strip_serde<V>(value_serde_); }

  /// Draws names for a repartition topic: the grouping's, or after the store of the aggregation.
  [[nodiscard]] GraphNode make_repartition(const std::string& store) const {
    return make_repartition_(name_.empty() ? store : name_);
  }

  /// Where an aggregation follows: behind the repartition topic if the stream was re-keyed. Aggregations share it if
  /// the grouping has a name.
  [[nodiscard]] StreamPosition input(const std::string& store) {
    auto next = position();
    if (!next.key_changed) return next;
    auto fresh = make_repartition(store);
    next.sources = {fresh.name};
    if (repartition_ == nullptr || name_.empty()) {
      repartition_ = &graph().add(std::move(fresh), {next.node});
    } else {
      graph().add_again(*repartition_);
    }
    next.node = repartition_;
    next.key_changed = false;
    return next;
  }

 private:
  KStream<K, V> stream_;
  std::string name_;
  CarriedSerde<K> key_serde_;
  CarriedSerde<V> value_serde_;
  MakeRepartition make_repartition_;
  GraphNode* repartition_ = nullptr;
};

}  // namespace millrace::detail
