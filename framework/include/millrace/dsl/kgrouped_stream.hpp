#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace {
namespace detail {

template <class I, class F, class K, class V>
[[nodiscard]] constexpr bool require_aggregator() {
  constexpr bool kGivesInitial = std::invocable<I&>;
  static_assert(kGivesInitial, "the initializer must be callable without arguments and return the first aggregate");
  if constexpr (kGivesInitial) {
    using Given = std::remove_cvref_t<std::invoke_result_t<I&>>;
    constexpr bool kCallable = std::is_invocable_r_v<std::optional<NonNull<Given>>, F&, const K&, const V&, Given>;
    static_assert(kCallable,
                  "the aggregator must be callable as aggregator(key, value, aggregate) and return the "
                  "aggregate, whose type is what the initializer returns");
    return kCallable;
  }
  return false;
}

}  // namespace detail

/// A stream grouped by its keys, ready to be aggregated into a table. Null keys and values are dropped and counted.
/// The result's timestamp is the larger of the record's and the aggregate's. (Kafka Streams: `KGroupedStream`.)
template <class K, class V>
class KGroupedStream {
  using Key = detail::NonNull<K>;
  using Element = detail::NonNull<V>;

 public:
  /// The number of records per key.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, std::int64_t> count(const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return count(Named(), materialized);
  }
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, std::int64_t> count(const Named& named,
                                  const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    const auto& settings = materialized.settings();
    if (settings.given && settings.store_name.empty()) {
      (void)graph().new_store_name("KSTREAM-AGGREGATE-");  // Kafka Streams draws this number for nothing
    }
    return build<std::int64_t>("KSTREAM-AGGREGATE-", named, settings, detail::CountFold<Key, Element>());
  }

  /// Combines values pairwise: `reducer(aggregate, value)`; the first value of a key starts its aggregate.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, Element> reduce(F reducer, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return reduce(std::move(reducer), Named(), materialized);
  }
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Key, Element> reduce(F reducer, const Named& named,
                              const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    constexpr bool kCallable = std::is_invocable_r_v<std::optional<Element>, F&, const Element&, const Element&>;
    static_assert(kCallable,
                  "the reducer must be callable as reducer(aggregate, value) with the stream's value type, and "
                  "return it");
    if constexpr (kCallable) {
      return build<Element>("KSTREAM-REDUCE-", named, materialized.settings(),
                            detail::ReduceFold<Key, Element, F>{std::move(reducer)});
    }
  }

  /// Folds values into an aggregate of another type: `aggregator(key, value, aggregate)`, starting with
  /// `initializer()`. Either may return std::optional, whose nullopt deletes the key; the aggregator takes what the
  /// initializer returns.
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(std::move(initializer), std::move(aggregator), Named(), materialized);
  }
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_aggregator<I, F, Key, Element>()) {
      using VA = detail::NonNull<std::remove_cvref_t<std::invoke_result_t<I&>>>;
      return build<VA>("KSTREAM-AGGREGATE-", named, materialized.settings(),
                       detail::AggregateFold<Key, Element, VA, I, F>{std::move(initializer), std::move(aggregator)});
    }
  }

  // --- for the engine's own use

  KGroupedStream(KStream<K, V> stream, std::string name, detail::CarriedSerde<K> key_serde,
                 detail::CarriedSerde<V> value_serde,
                 std::function<detail::GraphNode(const std::string&)> make_repartition)
      : shared_(std::make_shared<Shared>(Shared{std::move(stream), std::move(name), std::move(key_serde),
                                                std::move(value_serde), std::move(make_repartition), nullptr})) {}

 private:
  struct Shared {
    KStream<K, V> stream;
    std::string name;  ///< given by the user, else empty
    detail::CarriedSerde<K> key_serde;
    detail::CarriedSerde<V> value_serde;
    std::function<detail::GraphNode(const std::string&)> make_repartition;
    detail::GraphNode* repartition;  ///< shared by all aggregations if the grouping has a name
  };

  [[nodiscard]] detail::Graph& graph() const { return *shared_->stream.position().graph; }

  template <class VA, class Settings, class Fold>
  KTable<Key, VA> build(const std::string& prefix, const Named& named, const Settings& settings, Fold fold) const {
    const std::string store_name = settings.store_name.empty() ? graph().new_store_name(prefix) : settings.store_name;
    const std::string node_name = graph().name_or(named.name(), prefix);
    const auto keys = detail::choose_serde<Key>(settings.key_serde, detail::strip_serde<K>(shared_->key_serde));
    const auto values = detail::choose_serde<VA>(settings.value_serde);

    auto next = shared_->stream.position();
    if (next.key_changed) {
      auto fresh = shared_->make_repartition(shared_->name.empty() ? store_name : shared_->name);
      next.sources = {fresh.name};
      if (shared_->repartition == nullptr || shared_->name.empty()) {
        shared_->repartition = &graph().add(std::move(fresh), {next.node});
      }
      next.node = shared_->repartition;
      next.key_changed = false;
    }

    auto store = Stores::timestamped_key_value_store<Key, VA>(
        store_name, settings.medium.value_or(StoreMedium::rocksdb), keys, values);
    store.spec.default_medium = !settings.medium.has_value();
    store.spec.logging = settings.logging;
    store.spec.log_config = settings.log_config;
    auto table = std::make_shared<detail::StoreTableProcessor<Key, VA>>(store_name);
    auto send_old_values = table->send_old_values();
    detail::GraphNode node(node_name);
    node.write = detail::write_processor(
        [store_name, fold, send_old_values] {
          return std::make_unique<detail::AggregateNode<K, V, VA, Fold>>(store_name, fold, send_old_values);
        },
        {}, {std::make_shared<StoreBuilder>(std::move(store))});
    next.node = &graph().add(std::move(node), {next.node});
    next.name = node_name;
    return KTable<Key, VA>(std::move(next), keys, values, settings.store_name, std::move(table));
  }

  std::shared_ptr<Shared> shared_;
};

template <class K, class V>
template <class KS, class VS>
KGroupedStream<K, V> KStream<K, V>::group_by_key(const BasicGrouped<KS, VS>& grouped) const {
  if constexpr (detail::require_key<K>()) {
    const auto& settings = grouped.settings();
    const auto keys = detail::choose_serde<K>(settings.key_serde, key_serde());
    const auto stream = *this;
    std::function<detail::GraphNode(const std::string&)> make_repartition;
    // Only a re-keyed stream needs a value serde here; asking for one otherwise would refuse what Kafka Streams
    // accepts.
    if (position().key_changed) {
      const auto values = detail::choose_serde<V>(settings.value_serde, value_serde());
      make_repartition = [stream, keys, values](const std::string& prefix) {
        return stream.make_repartition(prefix, keys, values, std::nullopt, detail::NoPartitioner());
      };
    }
    return KGroupedStream<K, V>(stream, settings.name, keys, detail::carried_serde<V>(settings.value_serde),
                                std::move(make_repartition));
  }
}

template <class K, class V>
template <class F, class KS, class VS>
auto KStream<K, V>::group_by(F selector, const BasicGrouped<KS, VS>& grouped) const {
  if constexpr (detail::require_result<F, K, const V&>()) {
    // The grouping's name also names the node, as in Java.
    const auto& name = grouped.settings().name;
    return select_key(std::move(selector), name.empty() ? Named() : Named::as(name))
        .template group_by_key<KS, VS>(grouped);
  }
}

}  // namespace millrace
