// SPDX-License-Identifier: Apache-2.0
#pragma once

// The foreign-key joins of tables. Included by ktable.hpp.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/foreign_key/nodes.hpp"
#include "millrace/dsl/detail/joins/ktable_join_impl.hpp"
#include "millrace/dsl/detail/tables/table_source.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/processor/detail/source_sink.hpp"

namespace millrace {
namespace detail {

/// Checks the function that returns the foreign key.
template <class E, class K, class V, class KO>
[[nodiscard]] constexpr bool require_foreign_key() {
  constexpr bool kGivesKey = std::is_same_v<NonNull<typename CallResult<E, K, const V&>::Type>, KO>;
  static_assert(kGivesKey,
                "the foreign key function must be callable with (value) or (key, value) of this table and return the "
                "other table's key, or std::optional of it");
  return kGivesKey && require_no_context<E, K, const V&>();
}

/// The names of a foreign-key join's nodes, topics and store, in the order in which Kafka Streams draws them. The nodes
/// are drawn in nodes.hpp.
struct ForeignJoinNames {
  ForeignJoinTopics topics;
  std::string subscribe;
  std::string registration_sink;
  std::string registration_source;
  std::string receive;
  std::string answer;
  std::string tell;
  std::string response_sink;
  std::string response_source;
  std::string resolve;
  std::string result;
};
[[nodiscard]] ForeignJoinNames draw_foreign_join_names(Graph& graph, const std::string& given);

/// The store of subscriptions. Its changelog records have the headers of the records that wrote them.
[[nodiscard]] std::shared_ptr<const StoreBuilder> make_subscription_store(const std::string& name);

/// An internal topic with its serdes: the sink writes what the source reads.
template <class K, class V>
struct TypedInternalTopic {
  std::string topic;
  AnySerde<K> key_serde;
  AnySerde<V> value_serde;
  StreamPartitioner<K, V> partitioner;
};

/// Adds a sink of an internal topic and the source behind it, as two graph nodes. Returns the source's node. The
/// application itself has written the topic's records, so their timestamps are always valid.
template <class K, class V>
GraphNode& add_internal_topic(Graph& graph, const std::vector<GraphNode*>& parents, const std::string& sink_name,
                              const std::string& source_name, TypedInternalTopic<K, V> settings) {
  auto make_source = factory_from<SourceNode<K, V>>(
      SourceSettings<K, V>{settings.key_serde, settings.value_serde, TimestampPolicy::fail_on_invalid, false, {}});
  const std::string topic = settings.topic;
  GraphNode sink(sink_name);
  sink.write = write_internal_sink(
      topic, factory_from<SinkNode<K, V>>(SinkSettings<K, V>{
                 topic, {}, settings.key_serde, settings.value_serde, std::move(settings.partitioner)}));
  GraphNode& sink_node = graph.add(std::move(sink), parents);
  GraphNode source(source_name);
  source.write = write_internal_source(topic, std::move(make_source));
  return graph.add(std::move(source), {&sink_node});
}

/// The user's partitioner for one table of a foreign-key join, in the form that sinks need.
template <class K, class V, class P>
[[nodiscard]] StreamPartitioner<std::optional<K>, V> foreign_partitioner(const P& partitioner) {
  if constexpr (std::is_same_v<P, NoPartitioner>) {
    return {};
  } else {
    constexpr bool kWithHeaders = std::is_invocable_r_v<std::optional<std::int32_t>, P&, const std::string&, const K&,
                                                        const Headers&, std::int32_t>;
    constexpr bool kFits =
        kWithHeaders ||
        std::is_invocable_r_v<std::optional<std::int32_t>, P&, const std::string&, const K&, std::int32_t>;
    static_assert(kFits,
                  "a partitioner of TableJoined must be callable as partitioner(topic, key, number_of_partitions) or "
                  "partitioner(topic, key, headers, number_of_partitions) and return std::optional<std::int32_t>");
    if constexpr (kFits) {
      return [partitioner](const std::string& topic, const std::optional<K>& key, const V&, const Headers& headers,
                           std::int32_t partitions) mutable -> std::optional<std::set<std::int32_t>> {
        // Without a key the user's function has nothing to choose by.
        if (!key) return std::nullopt;
        std::optional<std::int32_t> chosen;
        if constexpr (kWithHeaders) {
          chosen = partitioner(topic, *key, headers, partitions);
        } else {
          chosen = partitioner(topic, *key, partitions);
        }
        if (!chosen) return std::nullopt;
        return std::set<std::int32_t>{*chosen};
      };
    }
  }
}

/// Returns the serde. Throws TopologyException if it is missing. `what` and `node` are for the message.
template <class T>
[[nodiscard]] AnySerde<T> require_carried(const CarriedSerde<T>& serde, const std::string& what,
                                          const std::string& node) {
  if (!serde) {
    throw TopologyException("'" + node + "' needs a serde that reads and writes " + what + " of type " +
                            std::string(type_name<T>()) + ": give the table a Consumed or Materialized with serdes");
  }
  return *serde;
}

}  // namespace detail

template <class K, class V>
template <bool LeftJoin, class KO, class VO, class E, class F, class... Options>
auto KTable<K, V>::join_foreign(const KTable<KO, VO>& other, E foreign_key, F joiner, const Options&... options) const {
  if constexpr (detail::require_foreign_key<E, K, V, KO>() && detail::require_joiner<false, LeftJoin, K, V, VO, F>() &&
                detail::require_foreign_join_options<Options...>()) {
    using VOut = detail::NonNull<std::remove_cvref_t<decltype(detail::call_joiner<false, LeftJoin>(
        std::declval<F&>(), std::declval<const K&>(), std::declval<const V*>(), std::declval<const VO*>()))>>;
    using Response = detail::ForeignResponse<VO>;
    detail::require_one_builder(position_, other.position(), "join");
    auto& graph = *position_.graph;
    // Partitioners and name of the join. A Named counts as a TableJoined with this name.
    const auto joined = detail::table_joined_of(options...);
    const auto materialized = detail::materialized_of(options...);
    const auto& settings = materialized.settings();
    // Both sides need old values: the left one to find the old foreign key, the right one as Kafka Streams asks for
    // them.
    other.processor()->enable_sending_old_values(true);
    processor_->enable_sending_old_values(true);
    const auto names = detail::draw_foreign_join_names(graph, joined.settings().name);
    // Keys and values of both tables are written to internal topics, so all serdes are needed.
    const auto keys =
        detail::require_carried(detail::find_serde<K>(detail::NoSerde(), key_serde_), "the left keys", names.subscribe);
    const auto values = detail::require_carried(detail::find_serde<V>(detail::NoSerde(), value_serde_),
                                                "the left values", names.subscribe);
    const auto foreign_keys = detail::require_carried(detail::find_serde<KO>(detail::NoSerde(), other.key_serde()),
                                                      "the right keys", names.subscribe);
    const auto foreign_values = detail::require_carried(detail::find_serde<VO>(detail::NoSerde(), other.value_serde()),
                                                        "the right values", names.subscribe);
    const auto topics = names.topics;
    // One store, used by two nodes: one writes subscriptions, the other one reads them when a right row changes.
    const auto store = detail::make_subscription_store(topics.store);

    detail::GraphNode subscribe(names.subscribe);
    // The factories below copy all they need: names, serdes and user functions.
    subscribe.write = detail::write_processor([=, versioned = processor_->versioned()] {
      return detail::make_node<detail::SubscribeNode<LeftJoin, K, V, KO, E>>(foreign_key, versioned, topics, keys,
                                                                             values, foreign_keys);
    });
    // Left side: tell the right side about foreign keys.
    auto& subscribe_node = graph.add(std::move(subscribe), {position_.node});
    // The key may be null: in a left join a row without a foreign key still asks for an answer.
    auto& registration = detail::add_internal_topic<std::optional<KO>, detail::Subscription>(
        graph, {&subscribe_node}, names.registration_sink, names.registration_source,
        {topics.registration, AnySerde<std::optional<KO>>(foreign_keys),
         AnySerde<detail::Subscription>(detail::SubscriptionSerde()),
         detail::foreign_partitioner<KO, detail::Subscription>(joined.settings().other_partitioner)});
    // A subscription must reach the task that has the right row.
    auto foreign_sources = other.position().sources;
    foreign_sources.insert(names.registration_source);
    graph.require_copartitioning(std::move(foreign_sources), names.answer);

    detail::GraphNode receive(names.receive);
    receive.write = detail::write_processor(
        [=] { return detail::make_node<detail::ReceiveSubscriptionNode<KO>>(topics, foreign_keys); }, {}, {store});
    auto& receive_node = graph.add(std::move(receive), {&registration});
    detail::GraphNode answer(names.answer);
    answer.write = detail::write_processor(
        [=, table = other.processor()] {
          return detail::make_node<detail::AnswerSubscriptionNode<K, KO, VO>>(table->make_getter(), topics, keys);
        },
        other.processor()->getter_stores());
    auto& answer_node = graph.add(std::move(answer), {&receive_node});
    detail::GraphNode tell(names.tell);
    tell.write = detail::write_processor(
        [=, versioned = other.processor()->versioned()] {
          return detail::make_node<detail::TellSubscribersNode<K, KO, VO>>(versioned, topics, keys, foreign_keys);
        },
        {}, {store});
    auto& tell_node = graph.add(std::move(tell), {other.position().node});

    detail::TypedInternalTopic<K, Response> response_topic{
        topics.response, keys, AnySerde<Response>(detail::ForeignResponseSerde<VO>{foreign_values}), {}};
    response_topic.partitioner = [user = detail::foreign_partitioner<K, Response>(joined.settings().partitioner)](
                                     const std::string& topic, const K& key, const Response& response,
                                     const Headers& headers,
                                     std::int32_t partitions) -> std::optional<std::set<std::int32_t>> {
      // The user's partitioner comes first. Otherwise the response goes to the partition that the subscription names. A
      // subscription of version 0 names none; the key then decides.
      if (user) return user(topic, std::optional<K>(key), response, headers, partitions);
      if (!response.primary_partition) return std::nullopt;
      return std::set<std::int32_t>{*response.primary_partition};
    };
    auto& response = detail::add_internal_topic<K, Response>(graph, {&answer_node, &tell_node}, names.response_sink,
                                                             names.response_source, std::move(response_topic));
    // A response must reach the task that has the left row.
    auto sources = position_.sources;
    sources.insert(names.response_source);
    graph.require_copartitioning(sources, names.resolve);

    detail::GraphNode resolve(names.resolve);
    resolve.write = detail::write_processor(
        [=, joiner = std::move(joiner), table = processor_] {
          return detail::make_node<detail::ResolveResponseNode<LeftJoin, K, V, VO, VOut, F>>(
              joiner, table->make_getter(), topics, values);
        },
        processor_->getter_stores());
    auto& resolve_node = graph.add(std::move(resolve), {&response});

    const std::string store_name =
        settings.store_name.empty() ? graph.new_store_name("KTABLE-FK-JOIN-OUTPUT-") : settings.store_name;
    // A missing serde is no error yet: the result may need no store.
    const auto result_values = detail::find_serde<VOut>(settings.value_serde, {});
    detail::TableSourceState state;
    state.store_name = store_name;
    state.store = detail::find_table_store<K, VOut>(
        store_name, settings, detail::find_serde<K>(settings.key_serde, detail::CarriedSerde<K>(keys)), result_values);
    state.versioned = settings.history_retention.has_value();
    // The result is a table that is filled from a stream, with a store only if something needs it.
    state.materialized = !settings.store_name.empty();
    auto table = detail::share<detail::SourceTable<K, VOut>>(std::move(state));
    detail::GraphNode result(names.result);
    result.write = detail::write_table_source<K, std::optional<VOut>>(table->state());
    // The result has the left table's key and partitions.
    auto next = position_;
    next.node = &graph.add(std::move(result), {&resolve_node});
    next.name = names.result;
    next.sources = std::move(sources);
    return KTable<K, VOut>(std::move(next), keys, result_values, settings.store_name, std::move(table));
  }
}

template <class K, class V>
template <class KO, class VO, class E, class F, class... Options>
requires(!detail::NoJoiner<F>) auto KTable<K, V>::join(const KTable<KO, VO>& other, E foreign_key, F joiner,
                                                       const Options&... options) const {
  return join_foreign<false>(other, std::move(foreign_key), std::move(joiner), options...);
}

template <class K, class V>
template <class KO, class VO, class E, class F, class... Options>
requires(!detail::NoJoiner<F>) auto KTable<K, V>::left_join(const KTable<KO, VO>& other, E foreign_key, F joiner,
                                                            const Options&... options) const {
  return join_foreign<true>(other, std::move(foreign_key), std::move(joiner), options...);
}

}  // namespace millrace
