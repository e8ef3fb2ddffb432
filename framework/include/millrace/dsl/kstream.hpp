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

/// A stream of records with keys of type K and values of type V. A handle: copies mean the same stream.
///
/// Functions given to its operators are called as f(key, value) or f(value), whichever they accept; each task uses
/// its own copy of them on one thread. V (and K) are never null unless they are std::optional. A function that throws
/// fails the record: see processing.exception.handler.
/// Threads: build phase only. (Kafka Streams: `KStream`.)
template <class K, class V>
class KStream {
 public:
  using Key = K;
  using Value = V;

  // --- one record in, at most one out; the timestamp and headers stay

  /// Keeps the records for which `predicate` holds (filter) or does not hold (filter_not).
  template <class F>
  KStream<K, V> filter(F predicate, const Named& named = {}) const;
  template <class F>
  KStream<K, V> filter_not(F predicate, const Named& named = {}) const;

  /// Replaces key and value; `mapper` returns a KeyValue or std::pair. Marks the key as changed.
  template <class F>
  auto map(F mapper, const Named& named = {}) const;
  /// Replaces the value.
  template <class F>
  auto map_values(F mapper, const Named& named = {}) const;
  /// Replaces the key. Marks it as changed.
  template <class F>
  auto select_key(F selector, const Named& named = {}) const;

  // --- one record in, any number out

  /// `mapper` returns a range of KeyValues or pairs. Marks the key as changed.
  template <class F>
  auto flat_map(F mapper, const Named& named = {}) const;
  /// `mapper` returns a range of values.
  template <class F>
  auto flat_map_values(F mapper, const Named& named = {}) const;

  // --- side effects

  template <class F>
  KStream<K, V> peek(F action, const Named& named = {}) const;
  template <class F>
  void for_each(F action, const Named& named = {}) const;
  /// Shows each record as text: streamed with operator<< if the type has it, else as its serde writes it.
  void print(const Printed& printed) const;
  /// Shows what `text(key, value)` returns. (Java: `Printed.withKeyValueMapper`.)
  template <class F>
  void print(const Printed& printed, F text) const;

  // --- topology

  /// Records of both streams, in no particular order between them.
  KStream<K, V> merge(const KStream<K, V>& other, const Named& named = {}) const;
  template <class K2, class V2>
  auto merge(const KStream<K2, V2>& /*other*/, const Named& /*named*/ = {}) const {
    static_assert(detail::kNever<K2, V2>,
                  "merge takes a stream of the same key and value types: make them alike with map or map_values");
  }

  /// Divides the stream: `.split().branch(predicate, ...).default_branch()`.
  BranchedKStream<K, V> split(const Named& named = {}) const;

  /// Sends the stream through an internal topic, so that equal keys meet in one task.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  KStream<K, V> repartition(const BasicRepartitioned<KS, VS, P>& repartitioned = {}) const;

  /// Writes the stream to a topic, which must exist.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  void to(const std::string& topic, const BasicProduced<KS, VS, P>& produced = {}) const;
  /// Writes each record to the topic that `choose(key, value, metadata)` names.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  requires(!std::convertible_to<F, std::string>) void to(F choose, const BasicProduced<KS, VS, P>& produced = {}) const;

  // --- user code with state

  /// `supplier()` makes a std::unique_ptr to a Processor<K, V, KOut, VOut>, one per task; the result is a stream of
  /// what it forwards. `stores` are names given to StreamsBuilder::add_state_store. Marks the key as changed.
  ///
  /// A supplier that is an object may bring stores of its own along, which are added and connected: what
  /// `std::vector<std::shared_ptr<const StoreBuilder>> stores()` of it returns. Suppliers that return the same pointer
  /// share that store. (Kafka Streams: `ConnectedStoreProvider`.)
  template <class F>
  auto process(F supplier, const std::vector<std::string>& stores = {}, const Named& named = {}) const;
  /// The same without stores by name.
  template <class F, std::same_as<Named> N>
  auto process(F supplier, const N& named) const {
    return process(std::move(supplier), {}, named);
  }
  /// As process, with a FixedKeyProcessor<K, V, VOut>: the key stays, nothing needs repartitioning.
  template <class F>
  auto process_values(F supplier, const std::vector<std::string>& stores = {}, const Named& named = {}) const;
  template <class F, std::same_as<Named> N>
  auto process_values(F supplier, const N& named) const {
    return process_values(std::move(supplier), {}, named);
  }

  // --- joins: `joiner(left, right)` or `joiner(key, left, right)`; keys are of one type, K2 = K

  /// Joins records with equal keys whose times are within the windows.
  ///
  /// In/out   (K,V) + (K,V2) -> (K,VOut); timestamp = the later one's
  /// Time     event time; both bounds inclusive
  /// State    two window stores with changelogs; retention = before + after + grace
  /// Drops    null keys and values; records that are older than what the other side still keeps: counted
  /// Errors   TopologyException when the topics have different numbers of partitions (at start)
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
            const BasicStreamJoined<KS, LS, RS>& joined = {}) const;
  /// As join; a left record without a match comes out alone once its window plus grace has passed, with the right side
  /// as nullptr: `joiner(const V&, const V2*)`.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto left_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                 const BasicStreamJoined<KS, LS, RS>& joined = {}) const;
  /// As left_join, for both sides: `joiner(const V*, const V2*)`, never both nullptr.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto outer_join(const KStream<K2, V2>& other, F joiner, const JoinWindows& windows,
                  const BasicStreamJoined<KS, LS, RS>& joined = {}) const;

  // --- tables

  /// Takes the stream as a table's updates: the last value of each key; null deletes. Options: Named, Materialized.
  template <class... Options>
  auto to_table(const Options&... options) const;

  /// Joins each record with what the table has for its key when the record is processed; the table's own changes
  /// trigger nothing. Null keys and values are dropped. With a grace period (Joined) on a versioned table, records wait
  /// for the table and meet the version of their own time.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto join(const KTable<K2, V2>& table, F joiner, const BasicJoined<KS, LS, RS>& joined = {}) const;
  /// As join; without a match the right side is nullptr: `joiner(const V&, const V2*)`. Keeps null keys.
  template <class K2, class V2, class F, class KS = detail::NoSerde, class LS = detail::NoSerde,
            class RS = detail::NoSerde>
  auto left_join(const KTable<K2, V2>& table, F joiner, const BasicJoined<KS, LS, RS>& joined = {}) const;

  /// As above with a table that is everywhere: `selector(key, value)` names the table's key; std::optional for none.
  template <class KG, class VG, class S, class F>
  auto join(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named = {}) const;
  template <class KG, class VG, class S, class F>
  auto left_join(const GlobalKTable<KG, VG>& table, S selector, F joiner, const Named& named = {}) const;

  /// Any other arguments: the compiler says what the joins take.
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

  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KGroupedStream<K, V> group_by_key(const BasicGrouped<KS, VS>& grouped = {}) const;
  /// select_key and group_by_key in one.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto group_by(F selector, const BasicGrouped<KS, VS>& grouped = {}) const;

  // --- for the engine's own use

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
    detail::GraphNode* join_repartition = nullptr;  ///< made once for all unnamed joins of this stream
  };

  enum class JoinKind { inner, left, outer };

  template <class KOut, class VOut>
  [[gnu::cold]] KStream<KOut, VOut> follow(const std::string& name, detail::NodeFactory factory, bool key_changed,
                                           detail::CarriedSerde<KOut> key_serde, detail::CarriedSerde<VOut> value_serde,
                                           std::vector<std::string> stores = {}, bool value_changed = false,
                                           detail::ConnectedStores brought = {}) const;
  template <class P>
  [[gnu::cold]] detail::GraphNode make_repartition(const std::string& prefix, const AnySerde<K>& key_serde,
                                                   const AnySerde<V>& value_serde,
                                                   std::optional<std::int32_t> partitions, const P& partitioner) const;
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
