// SPDX-License-Identifier: Apache-2.0
#pragma once

// The stream-stream joins of KStream. Included by kstream.hpp.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/dsl/detail/joins/join_nodes.hpp"
#include "millrace/dsl/detail/joins/joiner.hpp"
#include "millrace/dsl/detail/joins/self_join_node.hpp"
#include "millrace/dsl/detail/streams/kstream_impl.hpp"
#include "millrace/dsl/detail/streams/stateless_nodes.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {
namespace detail {

/// The names of a join's nodes and stores, in the order in which Kafka Streams draws them. "this" is the left stream,
/// "other" the right one; the words are part of the names.
struct JoinNames {
  // Nodes first, then stores. The generated names are drawn even if the user has given names.
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

/// A join with its nodes and stores, before it is added to the graph. A part of the build phase: no task uses it.
struct StreamJoin {
  // Not inline: otherwise every file with a topology would compile them.
  StreamJoin();
  StreamJoin(const StreamJoin&);
  StreamJoin(StreamJoin&&) noexcept;
  StreamJoin& operator=(const StreamJoin&);
  StreamJoin& operator=(StreamJoin&&) noexcept;
  ~StreamJoin();

  JoinNames names;
  std::set<std::string> sources;  ///< of both streams
  bool null_key_relaxed = false;  ///< a left or outer join: records with a null key must reach it
  NodeFactory left_window;        ///< the node that stores records of the left stream
  NodeFactory right_window;
  NodeFactory left;  ///< the node that takes records of the left stream and searches the right store
  NodeFactory right;
  NodeFactory merge;
  NodeFactory self;  ///< replaces left, right and merge if both streams are the same; empty if the types differ
  std::shared_ptr<const StoreBuilder> left_store;
  std::shared_ptr<const StoreBuilder> right_store;
  std::shared_ptr<const StoreBuilder> outer_store;  ///< null: no unmatched record has to wait
};

/// Which unmatched records a join emits.
struct JoinOuter {
  bool left = false;
  bool right = false;
};

/// Draws all names and makes the store for waiting records. The streams must have been repartitioned already.
[[nodiscard]] StreamJoin plan_stream_join(const StreamPosition& left, const StreamPosition& right,
                                          const StreamJoinedOptions& options, const JoinWindows& windows,
                                          JoinOuter outer);

/// Adds the nodes to the graph. Returns the position of the results.
[[nodiscard]] StreamPosition add_stream_join(StreamJoin join, const StreamPosition& left, const StreamPosition& right);

/// The window store of one side, with the settings of `options`. `own`: the user's own store for this side, if any. As
/// in Kafka Streams, the logging settings do not apply to such a store: it is logged with the default topic settings.
[[nodiscard]] std::shared_ptr<const StoreBuilder> join_store(StoreBuilder store, const StreamJoinedOptions& options,
                                                             const std::optional<StreamJoinedOptions::Store>& own);

/// Stores the records of one side. Retention is window size plus grace. A key can have several records per timestamp.
template <class K, class V>
[[nodiscard, gnu::cold]] StoreBuilder join_window_store(const std::string& name, const JoinWindows& windows,
                                                        const AnySerde<K>& key_serde, const AnySerde<V>& value_serde) {
  return Stores::window_store<K, V>(name, Millis(saturating_add(windows.size_ms(), windows.grace_ms())),
                                    Millis(windows.size_ms()), true, StoreMedium::rocksdb, key_serde, value_serde);
}

}  // namespace detail

template <class K, class V>
template <typename KStream<K, V>::JoinKind Kind, class V2, class F, class KS, class LS, class RS>
auto KStream<K, V>::join_streams(const KStream<K, V2>& other, F joiner, const JoinWindows& windows,
                                 const BasicStreamJoined<KS, LS, RS>& joined) const {
  // The kind of join decides which side the joiner gets as a pointer.
  static constexpr bool kLeftMayBeAbsent = Kind == JoinKind::outer;
  static constexpr bool kRightMayBeAbsent = Kind != JoinKind::inner;
  using Left = detail::NonNull<V>;
  using Right = detail::NonNull<V2>;
  // The joiner's result decides the value type of the new stream.
  using VOut = std::remove_cvref_t<decltype(detail::call_joiner<kLeftMayBeAbsent, kRightMayBeAbsent>(
      std::declval<F&>(), std::declval<const K&>(), std::declval<const Left*>(), std::declval<const Right*>()))>;

  detail::require_one_builder(position(), other.position(), "join");
  const auto& settings = joined.settings();
  // Serdes that the user gives for the join come first, then those that the stream carries.
  const auto keys = detail::choose_serde<detail::NonNull<K>>(settings.key_serde, detail::strip_serde<K>(key_serde()));
  const auto lefts = detail::choose_serde<Left>(settings.left_serde, detail::strip_serde<V>(value_serde()));
  const auto rights = detail::choose_serde<Right>(settings.right_serde, detail::strip_serde<V2>(other.value_serde()));

  KStream<K, V> left = *this;
  KStream<K, V2> right = other;
  // Both sides must be partitioned by the join key. A stream whose key was changed goes through a topic first.
  if (position().key_changed) {
    left = repartition_for_join(settings.name.empty() ? position().name : settings.name + "-left", AnySerde<K>(keys),
                                AnySerde<V>(lefts));
  }
  if (other.position().key_changed) {
    right = other.repartition_for_join(settings.name.empty() ? other.position().name : settings.name + "-right",
                                       AnySerde<K>(keys), AnySerde<V2>(rights));
  }
  auto join = detail::plan_stream_join(left.position(), right.position(), settings, windows,
                                       {kRightMayBeAbsent, kLeftMayBeAbsent});
  // A reference into `join`. Not used after `join` is moved from, below.
  const auto& names = join.names;
  // Each side has its own store.
  join.left_store = detail::join_store(detail::join_window_store(names.this_store, windows, keys, lefts), settings,
                                       settings.left_store);
  join.right_store = detail::join_store(detail::join_window_store(names.other_store, windows, keys, rights), settings,
                                        settings.right_store);

  // Both sides and all tasks share one constant object, which also holds the times of all tasks.
  using Settings = detail::JoinSettings<K, V, V2>;
  const auto shared = detail::share<const Settings, Settings>(windows, names.this_store, names.other_store,
                                                              join.outer_store ? names.outer_store : std::string(),
                                                              keys, lefts, rights, detail::JoinTimes::make());
  using LeftNode = detail::JoinNode<true, kLeftMayBeAbsent, kRightMayBeAbsent, K, V, V2, VOut, F>;
  using RightNode = detail::JoinNode<false, kLeftMayBeAbsent, kRightMayBeAbsent, K, V, V2, VOut, F>;
  join.left_window =
      detail::factory_of(detail::make_node<detail::JoinWindowNode<K, V>, const std::string&>, names.this_store);
  join.right_window =
      detail::factory_of(detail::make_node<detail::JoinWindowNode<K, V2>, const std::string&>, names.other_store);
  // A factory copies the joiner for each task, so the joiner may have state without a lock.
  join.left = [shared, joiner] { return detail::make_node<LeftNode>(shared, joiner); };
  join.right = [shared, joiner] { return detail::make_node<RightNode>(shared, joiner); };
  join.merge = +[] { return detail::make_node<detail::PassThroughNode<K, VOut>>(); };
  // Only streams of one value type can be the same stream. The optimizer decides later if they are.
  if constexpr (std::is_same_v<V, V2>) {
    using SelfNode = detail::SelfJoinNode<kLeftMayBeAbsent, kRightMayBeAbsent, K, V, VOut, F>;
    join.self = [shared, joiner] { return detail::make_node<SelfNode>(shared, joiner); };
  }
  // The value has a new type, so the stream carries no value serde.
  return KStream<K, VOut>(detail::add_stream_join(std::move(join), left.position(), right.position()),
                          detail::carried_serde<K>(settings.key_serde), nullptr);
}

// Checks the types before join_streams() is instantiated, so that a mistake gives one readable error.
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
