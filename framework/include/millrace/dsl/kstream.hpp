// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dsl/consumed.hpp"
#include "millrace/dsl/detail/graph.hpp"
#include "millrace/dsl/detail/misuse.hpp"
#include "millrace/dsl/detail/streams/stream_position.hpp"
#include "millrace/dsl/detail/tables/table_options.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/grouped.hpp"
#include "millrace/dsl/join_windows.hpp"
#include "millrace/dsl/joined.hpp"
#include "millrace/dsl/materialized.hpp"
#include "millrace/dsl/named.hpp"
#include "millrace/dsl/printed.hpp"
#include "millrace/dsl/produced.hpp"
#include "millrace/dsl/repartitioned.hpp"
#include "millrace/dsl/stream_joined.hpp"

namespace millrace {

template <class K, class V>
class KTable;
template <class K, class V>
class GlobalKTable;
template <class K, class V>
class KGroupedStream;
template <class K, class V>
class BranchedKStream;

/// A stream of records with keys of type K and values of type V. (Kafka Streams: `KStream`.) A handle: copies refer to
/// the same stream.
///
/// Functions  An operator calls a user function as f(key, value) or f(value), whichever it accepts. The function may
///            take a `const RecordContext&` as its last argument: the time and the headers of the record, and where it
///            was read. Joiners and process() do not pass one. Each task has its own copy of a function and calls it
///            from one thread.
/// Nulls      K and V are never null, unless they are std::optional. On a stream of std::optional<T>, a function may
///            take T or const T&. Then it is not called for a null, and the null passes filter, filter_not, map_values,
///            flat_map_values and peek. So a deletion in a table reaches the sink. The other operators need a result
///            for a null, and so a function of const std::optional<T>&.
/// Errors     If a function throws, the record has failed: see processing.exception.handler.
/// Threads    Build phase only.
template <class K, class V>
class KStream {
 public:
  using Key = K;
  using Value = V;

  // --- at most one output per record; timestamp and headers stay the same

  /// filter keeps the records for which `predicate` is true. filter_not keeps the others.
  template <class F>
  KStream<K, V> filter(F predicate, const Named& named = {}) const;
  template <class F>
  KStream<K, V> filter_not(F predicate, const Named& named = {}) const;

  /// Replaces key and value. `mapper` returns a KeyValue or a std::pair. Marks the key as changed: a later grouping or
  /// join repartitions the stream.
  template <class F>
  auto map(F mapper, const Named& named = {}) const;
  /// Replaces the value. `mapper` returns the new value. If it takes only non-null values of a stream of
  /// std::optional<T>, the new values are std::optional, too.
  template <class F>
  auto map_values(F mapper, const Named& named = {}) const;
  /// Replaces the key. `selector` returns the new key. Marks the key as changed.
  template <class F>
  auto select_key(F selector, const Named& named = {}) const;

  // --- any number of outputs per record

  /// Replaces each record by several. `mapper` returns a range of KeyValues or pairs. Marks the key as changed.
  template <class F>
  auto flat_map(F mapper, const Named& named = {}) const;
  /// Replaces each value by several. `mapper` returns a range of values.
  template <class F>
  auto flat_map_values(F mapper, const Named& named = {}) const;

  // --- side effects
  //
  // peek calls `action` for each record and passes the record on. for_each ends the stream.

  template <class F>
  KStream<K, V> peek(F action, const Named& named = {}) const;
  template <class F>
  void for_each(F action, const Named& named = {}) const;
  /// Prints each record as text. Uses operator<< if the type has one, otherwise the type's serde.
  void print(const Printed& printed) const;
  /// Prints the text that `text(key, value)` returns. (Java: `Printed.withKeyValueMapper`.)
  template <class F>
  void print(const Printed& printed, F text) const;

  // --- topology

  /// All records of both streams, in no particular order between the two. Throws TopologyException if the streams come
  /// from different builders.
  KStream<K, V> merge(const KStream<K, V>& other, const Named& named = {}) const;
  template <class K2, class V2>
  auto merge(const KStream<K2, V2>& /*other*/, const Named& /*named*/ = {}) const {
    static_assert(detail::kNever<K2, V2>,
                  "merge takes a stream of the same key and value types: make them alike with map or map_values");
  }

  /// Splits the stream into branches: `.split().branch(predicate, ...).default_branch()`. See BranchedKStream.
  BranchedKStream<K, V> split(const Named& named = {}) const;

  /// Sends the stream through an internal topic, so that records with equal keys reach the same task.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  KStream<K, V> repartition(const BasicRepartitioned<KS, VS, P>& repartitioned = {}) const;

  /// Writes the stream to a topic. The topic must exist.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  void to(const std::string& topic, const BasicProduced<KS, VS, P>& produced = {}) const;
  /// Writes each record to the topic that `choose(key, value, record_context)` returns. The topic must exist.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  requires(!std::convertible_to<F, std::string>) void to(F choose, const BasicProduced<KS, VS, P>& produced = {}) const;

  // --- user code with state

  /// Processes the stream with a Processor of your own. The result is the stream of records that it forwards. Marks the
  /// key as changed.
  /// supplier  `supplier()` returns a std::unique_ptr to a Processor<K, V, KOut, VOut>. Called once per task.
  /// stores    names of stores that were added with StreamsBuilder::add_state_store
  ///
  /// A supplier can also bring its own stores: as an object with a method `std::vector<std::shared_ptr<const
  /// StoreBuilder>> stores()`. These stores are added and connected. Suppliers that return the same pointer share that
  /// store. (Kafka Streams: `ConnectedStoreProvider`.)
  template <class F>
  auto process(F supplier, const std::vector<std::string>& stores = {}, const Named& named = {}) const;
  /// The same, without names of stores.
  template <class F, std::same_as<Named> N>
  auto process(F supplier, const N& named) const {
    return process(std::move(supplier), {}, named);
  }
  /// As process(), with a FixedKeyProcessor<K, V, VOut>. The key cannot change, so no repartitioning is needed later.
  template <class F>
  auto process_values(F supplier, const std::vector<std::string>& stores = {}, const Named& named = {}) const;
  template <class F, std::same_as<Named> N>
  auto process_values(F supplier, const N& named) const {
    return process_values(std::move(supplier), {}, named);
  }

  // --- joins: `joiner(left, right)` or `joiner(key, left, right)`. Both sides have the same key type: K2 = K.

  /// Joins records with equal keys whose timestamps are within `windows`.
  ///
  /// In/out   (K,V) + (K,V2) -> (K,VOut); timestamp = the larger of the two
  /// Time     event time; both bounds inclusive
  /// State    two window stores with changelogs; retention = before + after + grace
  /// Drops    null keys and values, and records that are too late to find any match: counted
  /// Errors   TopologyException at start, if the topics have different numbers of partitions
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
            const BasicStreamJoined<KS, LS, RS>& joined = {}) const;
  /// As join(). In addition, a left record without a match is emitted alone, once its window plus grace has passed. The
  /// joiner then gets nullptr for the right side: `joiner(const V&, const V2*)`.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto left_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                 const BasicStreamJoined<KS, LS, RS>& joined = {}) const;
  /// As left_join(), for both sides: `joiner(const V*, const V2*)`. At least one of the two is not nullptr.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto outer_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                  const BasicStreamJoined<KS, LS, RS>& joined = {}) const;

  // --- tables

  /// Makes a table: each record sets the value of its key, and a null value deletes the key. Options: Named,
  /// Materialized.
  template <class... Options>
  auto to_table(const Options&... options) const;

  /// Joins each record with the table's value for the record's key, at the time when the record is processed. An update
  /// of the table produces no output. Records with a null key or value are dropped and counted. With a grace period
  /// (see Joined) and a versioned table, a record waits for the table and is joined with the version at the record's
  /// timestamp.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto join(const KTable<K2, V2>& table, F joiner, const BasicJoined<KS, LS, RS>& joined = {}) const;
  /// As join(). Without a match the joiner gets nullptr for the right side: `joiner(const V&, const V2*)`. Records with
  /// a null key are kept.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto left_join(const KTable<K2, V2>& table, F joiner, const BasicJoined<KS, LS, RS>& joined = {}) const;

  /// Joins each record with a global table. `selector(key, value)` returns the table's key, or a std::optional of it;
  /// nullopt means that there is no match.
  /// The joiner may also take that key: `joiner(key, mapped_key, left, right)`. left_join passes what the selector
  /// returned, a std::optional included. (Kafka Streams: `ValueJoinerWithStreamAndMappedKey`.)
  template <class KG, class VG, class S, class F>
  auto join(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named = {}) const;
  template <class KG, class VG, class S, class F>
  auto left_join(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named = {}) const;

  /// Never usable: for any other arguments, the compiler says what a join takes.
  template <class Other, class... Rest>
  auto join(const Other& /*other*/, const Rest&... /*rest*/) const {
    if constexpr (detail::refuse_stream_join<Other>()) return;
  }
  template <class Other, class... Rest>
  auto left_join(const Other& /*other*/, const Rest&... /*rest*/) const {
    if constexpr (detail::refuse_stream_join<Other>()) return;
  }
  template <class Other, class... Rest>
  auto outer_join(const Other& /*other*/, const Rest&... /*rest*/) const {
    static_assert(detail::kIsA<Other, KStream>,
                  "only a stream and a stream, or a table and a table, have an outer join: use left_join");
    if constexpr (detail::kIsA<Other, KStream>) {
      if constexpr (detail::refuse_stream_join<Other>()) return;
    }
  }

  // --- grouping, for count, reduce and aggregate
  //
  // Groups the stream by its key. A stream whose key was changed is repartitioned first.

  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KGroupedStream<K, V> group_by_key(const BasicGrouped<KS, VS>& grouped = {}) const;
  /// Groups by a new key: select_key() followed by group_by_key().
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto group_by(F selector, const BasicGrouped<KS, VS>& grouped = {}) const;

  // --- used by the engine only

  KStream(detail::StreamPosition position, detail::CarriedSerde<K> key_serde, detail::CarriedSerde<V> value_serde);
  [[nodiscard]] const detail::StreamPosition& position() const { return shared_->position; }
  [[nodiscard]] const detail::CarriedSerde<K>& key_serde() const { return shared_->key_serde; }
  [[nodiscard]] const detail::CarriedSerde<V>& value_serde() const { return shared_->value_serde; }

 private:
  template <class, class>
  friend class KStream;
  template <class, class>
  friend class BranchedKStream;

  struct Shared {
    detail::StreamPosition position;
    detail::CarriedSerde<K> key_serde;
    detail::CarriedSerde<V> value_serde;
    detail::GraphNode* join_repartition = nullptr;  ///< shared by all unnamed joins of this stream; owned by the graph
  };

  enum class JoinKind { inner, left, outer };

  // Adds an operator behind this stream and returns the stream of its results.
  template <class KOut, class VOut>
  [[gnu::cold]] KStream<KOut, VOut> follow(const std::string& name, detail::NodeFactory factory, bool key_changed,
                                           detail::CarriedSerde<KOut> key_serde, detail::CarriedSerde<VOut> value_serde,
                                           std::vector<std::string> stores = {}, bool value_changed = false,
                                           detail::ConnectedStores brought = {}) const;
  // filter (`wanted` true) and filter_not.
  template <class F>
  KStream<K, V> keep_if(bool wanted, F predicate, const Named& named) const;
  // Makes a repartition node, without adding it to the graph. Draws three names.
  template <class P>
  [[gnu::cold]] detail::GraphNode make_repartition(const std::string& prefix, const AnySerde<K>& key_serde,
                                                   const AnySerde<V>& value_serde,
                                                   std::optional<std::int32_t> partitions, const P& partitioner) const;
  // This stream behind its repartition topic for joins.
  [[gnu::cold]] KStream<K, V> repartition_for_join(const std::string& prefix, const AnySerde<K>& key_serde,
                                                   const AnySerde<V>& value_serde) const;
  template <JoinKind Kind, class K2, class V2, class F, class Joined>
  auto checked_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows, const Joined& joined) const;
  template <JoinKind Kind, class V2, class F, class KS, class LS, class RS>
  [[gnu::cold]] auto join_streams(const KStream<K, V2>& other, F joiner, const JoinWindows& windows,
                                  const BasicStreamJoined<KS, LS, RS>& joined) const;
  template <bool Left, class K2, class V2, class F, class Joined>
  auto join_table(const KTable<K2, V2>& table, F joiner, const Joined& joined) const;
  template <bool Left, class KG, class VG, class S, class F>
  auto join_global(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named) const;

  std::shared_ptr<Shared> shared_;
};

}  // namespace millrace

#include "millrace/dsl/branched.hpp"
#include "millrace/dsl/detail/joins/kstream_join_impl.hpp"
#include "millrace/dsl/detail/joins/kstream_table_impl.hpp"
#include "millrace/dsl/detail/streams/kstream_impl.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
