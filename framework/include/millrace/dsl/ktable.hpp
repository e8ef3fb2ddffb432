// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/tables/aggregate_nodes.hpp"
#include "millrace/dsl/detail/tables/table_options.hpp"
#include "millrace/dsl/detail/tables/table_processor.hpp"
#include "millrace/dsl/grouped.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/suppressed.hpp"

namespace millrace {

template <class K, class V>
class KGroupedTable;

/// A table: the latest value of each key. Each update replaces the value of its key; a null value deletes the key.
/// (Kafka Streams: `KTable`.) A handle: copies refer to the same table.
///
/// Functions  Called as f(key, value) or f(value), never for keys without a value. Exceptions: transform_values and
///            joins.
/// Options    Operators take options after their arguments, in any order: a `Named` for the node, a `Materialized` for
///            the store.
/// State      A table made from another one has its own store only if it gets a Materialized with a name. Otherwise its
///            values are computed from the other table's store when they are needed.
/// Threads    Build phase only.
template <class K, class V>
class KTable {
 public:
  using Key = K;
  using Value = V;

  // --- value by value

  /// Keeps the keys for whose values `predicate` is true (filter_not: false). All other keys are deleted from the
  /// result.
  template <class F, class... Options>
  KTable<K, V> filter(F predicate, const Options&... options) const;
  template <class F, class... Options>
  KTable<K, V> filter_not(F predicate, const Options&... options) const;

  /// Replaces the value. `mapper` returns the new value, or a std::optional of it; nullopt deletes the key.
  template <class F, class... Options>
  auto map_values(F mapper, const Options&... options) const;

  /// Replaces the value, with access to stores. `supplier()` returns a std::unique_ptr to a ValueTransformerWithKey<K,
  /// V, VOut>. `stores`: names of stores added with StreamsBuilder::add_state_store.
  template <class F, class... Options>
  auto transform_values(F supplier, const std::vector<std::string>& stores, const Options&... options) const;
  template <class F, class... Options>
  auto transform_values(F supplier, const Options&... options) const {
    return transform_values(std::move(supplier), std::vector<std::string>(), options...);
  }

  // --- as a stream

  /// The table's updates as a stream. nullopt means that the key was deleted.
  [[nodiscard]] KStream<K, std::optional<V>> to_stream(const Named& named = {}) const;

  /// to_stream() followed by select_key(). Marks the key as changed.
  template <class F>
  requires(!std::is_convertible_v<F, Named>) [[nodiscard]] auto to_stream(F mapper, const Named& named = {}) const {
    return to_stream(named).select_key(std::move(mapper));
  }

  /// to_stream().to(topic): writes the table's updates to a topic. The topic must exist. A deletion is written as a
  /// null value. (Kafka Streams has no such call.)
  template <class KS = detail::NoSerde, class VS = detail::NoSerde, class P = detail::NoPartitioner>
  void to(const std::string& topic, const BasicProduced<KS, VS, P>& produced = {}) const {
    to_stream().to(topic, produced);
  }

  /// Delays updates: see Suppressed. until_window_closes is for windowed tables only.
  KTable<K, V> suppress(const Suppressed& suppressed) const;

  // --- joins: `joiner(left, right)` or `joiner(key, left, right)`

  /// The keys that both tables have. An update of either table updates the result.
  ///
  /// In/out   (K,V) + (K,V2) -> (K,VOut); timestamp = the larger of the two
  /// Errors   TopologyException at start, if the topics have different numbers of partitions
  template <class K2, class V2, class F, class... Options>
  auto join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;
  /// All keys of this table. The right side may be missing: `joiner(const V&, const V2*)`.
  template <class K2, class V2, class F, class... Options>
  auto left_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;
  /// All keys of both tables: `joiner(const V*, const V2*)`. At least one of the two is not nullptr.
  template <class K2, class V2, class F, class... Options>
  auto outer_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;

  /// Never usable: for any other arguments, the compiler says what a join takes.
  template <class Other, class... Rest>
  auto join(const Other& /*other*/, const Rest&... /*rest*/) const {
    if constexpr (detail::refuse_table_join<Other>()) return;
  }
  template <class Other, class... Rest>
  auto left_join(const Other& /*other*/, const Rest&... /*rest*/) const {
    if constexpr (detail::refuse_table_join<Other>()) return;
  }
  template <class Other, class... Rest>
  auto outer_join(const Other& /*other*/, const Rest&... /*rest*/) const {
    if constexpr (detail::refuse_table_join<Other>()) return;
  }

  // --- foreign-key joins: each value of this table refers to a key of the other table

  /// `foreign_key(value)` or `foreign_key(key, value)` returns a KO, or a std::optional<KO>; nullopt means no match.
  /// The joiner is called as for join(), with this table's key. Options: TableJoined, Materialized.
  template <class KO, class VO, class E, class F, class... Options>
  requires(!detail::NoJoiner<F>) auto join(const KTable<KO, VO>& other, E foreign_key, F joiner,
                                           const Options&... options) const;
  template <class KO, class VO, class E, class F, class... Options>
  requires(!detail::NoJoiner<F>) auto left_join(const KTable<KO, VO>& other, E foreign_key, F joiner,
                                                const Options&... options) const;

  // --- grouping

  /// Groups the rows by a new key, for count, reduce and aggregate. `selector(key, value)` returns the new key and
  /// value as a KeyValue or std::pair. If the new key or value is null, the row is left out.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto group_by(F selector, const BasicGrouped<KS, VS>& grouped = {}) const;

  /// The name under which the table's store can be queried. Empty if the user gave no name.
  [[nodiscard]] const std::string& queryable_store_name() const { return queryable_store_name_; }

  // --- used by the engine only

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
  enum class JoinKind { inner, left, outer };

  // Makes the table that a value-by-value operator computes from this one.
  template <class VOut, class Compute, class... Options>
  [[gnu::cold]] KTable<K, VOut> derive(Compute compute, const std::string& prefix, bool draws_store_name,
                                       const detail::CarriedSerde<VOut>& inherited,
                                       const std::vector<std::string>& stores, const Options&... options) const;
  template <JoinKind Kind, class K2, class V2, class F, class... Options>
  auto checked_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;
  template <JoinKind Kind, class V2, class F, class... Options>
  auto join_tables(const KTable<K, V2>& other, F joiner, const Options&... options) const;
  template <bool LeftJoin, class KO, class VO, class E, class F, class... Options>
  auto join_foreign(const KTable<KO, VO>& other, E foreign_key, F joiner, const Options&... options) const;

  detail::StreamPosition position_;
  detail::CarriedSerde<K> key_serde_;
  detail::CarriedSerde<V> value_serde_;
  std::string queryable_store_name_;
  std::shared_ptr<detail::TableProcessor<K, V>> processor_;
};

}  // namespace millrace

#include "millrace/dsl/detail/foreign_key/ktable_impl.hpp"
#include "millrace/dsl/detail/joins/ktable_join_impl.hpp"
#include "millrace/dsl/detail/tables/ktable_impl.hpp"
#include "millrace/dsl/detail/windows/ktable_suppress_impl.hpp"
#include "millrace/dsl/kgrouped_table.hpp"
