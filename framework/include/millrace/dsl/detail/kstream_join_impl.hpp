#pragma once

// The joins of KStream with KStream. Included by kstream.hpp.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/dsl/detail/join_nodes.hpp"
#include "millrace/dsl/detail/joiner.hpp"
#include "millrace/dsl/detail/self_join_node.hpp"
#include "millrace/dsl/detail/stateless_nodes.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {
namespace detail {

/// Node and store names of a stream-stream join, in the order in which Kafka Streams draws them.
struct JoinNames {
  // Not inline: each file with a topology would compile them.
  JoinNames();
  JoinNames(const JoinNames&);
  JoinNames(JoinNames&&) noexcept;
  JoinNames& operator=(const JoinNames&);
  JoinNames& operator=(JoinNames&&) noexcept;
  ~JoinNames();

  std::string this_windowed;
  std::string other_windowed;
  std::string this_generated;
  std::string other_generated;
  std::string this_join;
  std::string other_join;
  std::string merge;
  std::string this_store;
  std::string other_store;
  std::string outer_store;
};
[[nodiscard]] JoinNames draw_join_names(Graph& graph, const std::string& name, const std::string& store_name,
                                        bool left_outer, bool right_outer);

/// A join with its nodes and stores, before it is written.
struct StreamJoin {
  // Not inline: each file with a topology would compile them.
  StreamJoin();
  StreamJoin(const StreamJoin&);
  StreamJoin(StreamJoin&&) noexcept;
  StreamJoin& operator=(const StreamJoin&);
  StreamJoin& operator=(StreamJoin&&) noexcept;
  ~StreamJoin();

  JoinNames names;
  NodeSpec::Factory left;   ///< takes the records of the left stream and looks for those of the right one
  NodeSpec::Factory right;  ///< the reverse
  NodeSpec::Factory merge;
  NodeSpec::Factory self;  ///< in place of the three if both streams turn out to be one; empty if they cannot
  std::shared_ptr<const StoreBuilder> left_store;
  std::shared_ptr<const StoreBuilder> right_store;
  std::shared_ptr<const StoreBuilder> outer_store;  ///< null: nothing waits
};
[[nodiscard]] std::function<void(const GraphNode&, TopologyBuilder&)> write_stream_join(StreamJoin join);

/// Of the store where unmatched records of both sides wait.
[[nodiscard]] std::string shared_store_name(const std::string& base, bool right_outer);

/// `own`: the user's own store of this side, if any. As in Kafka Streams, what StreamJoined says of logging is not for
/// such a store: it is logged with the usual topic settings.
template <class K, class V, class Settings, class Own>
[[nodiscard, gnu::cold]] std::shared_ptr<const StoreBuilder> join_store(const std::string& name,
                                                                        const JoinWindows& windows,
                                                                        const Settings& settings, const Own& own,
                                                                        AnySerde<K> key_serde,
                                                                        AnySerde<V> value_serde) {
  const auto medium = own ? own->medium : settings.medium.value_or(StoreMedium::rocksdb);
  auto store =
      Stores::window_store<K, V>(name, Millis(windows.size_ms() + windows.grace_ms()), Millis(windows.size_ms()), true,
                                 medium, std::move(key_serde), std::move(value_serde));
  store.spec.default_medium = !own && !settings.medium.has_value();
  store.spec.logging = own || settings.logging;
  if (!own) store.spec.log_config = settings.log_config;
  store.spec.log_headers = LoggedHeaders::all;
  return detail::shared_store(std::move(store));
}

}  // namespace detail

template <class K, class V>
template <typename KStream<K, V>::JoinKind Kind, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::join_streams(const KStream<K, V2>& other, F joiner, const JoinWindows& windows,
                                 const BasicStreamJoined<KS, LS, RS>& joined) const {
  static constexpr bool kLeftMayBeAbsent = Kind == JoinKind::outer;
  static constexpr bool kRightMayBeAbsent = Kind != JoinKind::inner;
  using Left = detail::NonNull<V>;
  using Right = detail::NonNull<V2>;
  using VOut = std::remove_cvref_t<decltype(detail::call_joiner<kLeftMayBeAbsent, kRightMayBeAbsent>(
      std::declval<F&>(), std::declval<const K&>(), std::declval<const Left*>(), std::declval<const Right*>()))>;

  detail::require_one_builder(position(), other.position(), "join");
  auto& graph = *position().graph;
  const auto& settings = joined.settings();
  const auto keys = detail::choose_serde<detail::NonNull<K>>(settings.key_serde, detail::strip_serde<K>(key_serde()));
  const auto lefts = detail::choose_serde<Left>(settings.left_serde, detail::strip_serde<V>(value_serde()));
  const auto rights = detail::choose_serde<Right>(settings.right_serde, detail::strip_serde<V2>(other.value_serde()));

  KStream<K, V> left = *this;
  KStream<K, V2> right = other;
  if (position().key_changed) {
    left = repartition_for_join(settings.name.empty() ? position().name : settings.name + "-left", AnySerde<K>(keys),
                                AnySerde<V>(lefts));
  }
  if (other.position().key_changed) {
    right = other.repartition_for_join(settings.name.empty() ? other.position().name : settings.name + "-right",
                                       AnySerde<K>(keys), AnySerde<V2>(rights));
  }
  auto sources = left.position().sources;
  sources.insert(right.position().sources.begin(), right.position().sources.end());
  auto names = detail::draw_join_names(graph, settings.name, settings.store_name, kRightMayBeAbsent, kLeftMayBeAbsent);
  graph.require_copartitioning(sources, names.merge);
  if (settings.left_store) {
    names.this_store = settings.left_store->name;
    names.outer_store = detail::shared_store_name(names.this_store, kLeftMayBeAbsent);
  }
  if (settings.right_store) names.other_store = settings.right_store->name;
  const auto left_store = detail::join_store<detail::NonNull<K>, Left>(names.this_store, windows, settings,
                                                                       settings.left_store, keys, lefts);
  const auto right_store = detail::join_store<detail::NonNull<K>, Right>(names.other_store, windows, settings,
                                                                         settings.right_store, keys, rights);
  std::shared_ptr<const StoreBuilder> outer_store;
  if (kRightMayBeAbsent && windows.waits_for_close()) {
    auto store = detail::outer_join_store(names.outer_store);
    const auto medium = settings.left_store ? settings.left_store->medium : settings.medium;
    store.spec.persistent = medium.value_or(StoreMedium::rocksdb) == StoreMedium::rocksdb;
    store.spec.default_medium = !medium.has_value();
    store.spec.logging = settings.logging;
    store.spec.log_config = settings.log_config;
    outer_store = detail::shared_store(std::move(store));
  }

  detail::GraphNode left_window(names.this_windowed);
  left_window.write = detail::write_processor(
      detail::factory_of(detail::make_node<detail::JoinWindowNode<K, V>, const std::string&>, names.this_store));
  graph.add(std::move(left_window), {left.position().node});
  detail::GraphNode right_window(names.other_windowed);
  right_window.write = detail::write_processor(
      detail::factory_of(detail::make_node<detail::JoinWindowNode<K, V2>, const std::string&>, names.other_store));
  graph.add(std::move(right_window), {right.position().node});

  const detail::JoinSettings<K, V, V2, F> join_settings{windows,
                                                        std::move(joiner),
                                                        {kRightMayBeAbsent, kLeftMayBeAbsent},
                                                        names.this_store,
                                                        names.other_store,
                                                        outer_store ? names.outer_store : std::string(),
                                                        keys,
                                                        lefts,
                                                        rights,
                                                        detail::JoinTimes::make()};
  detail::GraphNode join_node(names.merge);
  join_node.null_key_relaxed_join = kRightMayBeAbsent;
  join_node.joined_windows = detail::JoinedWindows{names.this_windowed, names.other_windowed};
  using LeftNode = detail::JoinNode<true, kLeftMayBeAbsent, kRightMayBeAbsent, K, V, V2, VOut, F>;
  using RightNode = detail::JoinNode<false, kLeftMayBeAbsent, kRightMayBeAbsent, K, V, V2, VOut, F>;
  detail::StreamJoin join;
  join.names = names;
  join.left = [join_settings] { return detail::make_node<LeftNode>(join_settings); };
  join.right = [join_settings] { return detail::make_node<RightNode>(join_settings); };
  join.merge = +[] { return detail::make_node<detail::PassThroughNode<K, VOut>>(); };
  if constexpr (std::is_same_v<V, V2>) {
    using SelfNode = detail::SelfJoinNode<kLeftMayBeAbsent, kRightMayBeAbsent, K, V, VOut, F>;
    join.self = [join_settings] { return detail::make_node<SelfNode>(join_settings); };
  }
  join.left_store = left_store;
  join.right_store = right_store;
  join.outer_store = outer_store;
  join_node.write = detail::write_stream_join(std::move(join));
  auto next = left.position();
  next.node = &graph.add(std::move(join_node), {left.position().node, right.position().node});
  next.name = names.merge;
  next.sources = std::move(sources);
  next.key_changed = false;
  return KStream<K, VOut>(std::move(next), detail::carried_serde<K>(settings.key_serde), nullptr);
}

template <class K, class V>
template <typename KStream<K, V>::JoinKind Kind, class K2, class V2, class F, class Joined>
auto KStream<K, V>::checked_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                                 const Joined& joined) const {
  if constexpr (detail::require_key<K>() && detail::require_key<K2>() && detail::require_same_key<K, K2>()) {
    if constexpr (detail::require_joiner<Kind == JoinKind::outer, Kind != JoinKind::inner, K, detail::NonNull<V>,
                                         detail::NonNull<V2>, F>()) {
      return join_streams<Kind>(other, std::move(joiner), windows, joined);
    }
  }
}

template <class K, class V>
template <class K2, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                         const BasicStreamJoined<KS, LS, RS>& joined) const {
  return checked_join<JoinKind::inner>(other, std::move(joiner), windows, joined);
}

template <class K, class V>
template <class K2, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::left_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                              const BasicStreamJoined<KS, LS, RS>& joined) const {
  return checked_join<JoinKind::left>(other, std::move(joiner), windows, joined);
}

template <class K, class V>
template <class K2, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::outer_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                               const BasicStreamJoined<KS, LS, RS>& joined) const {
  return checked_join<JoinKind::outer>(other, std::move(joiner), windows, joined);
}

}  // namespace millrace
