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

/// A changelog of values by key: each record replaces the one before with the same key; a null value deletes the key.
///
/// Functions are called as f(key, value) or f(value), never for absent values (but see transform_values and
/// the joins). Operators take options behind their arguments, in any order: a `Named` for the node, a `Materialized`
/// for a store. A table made from another is kept in a store of its own only if it is given a Materialized with a name;
/// else its values are computed from the other's when they are needed.
/// A handle: copies mean the same table. Threads: build phase only. (Kafka Streams: `KTable`.)
template <class K, class V>
class KTable {
 public:
  using Key = K;
  using Value = V;

  // --- value by value

  /// Keeps the keys whose values fit; the others are deleted from the result.
  template <class F, class... Options>
  KTable<K, V> filter(F predicate, const Options&... options) const;
  template <class F, class... Options>
  KTable<K, V> filter_not(F predicate, const Options&... options) const;

  /// Replaces the value. A mapper that returns std::optional deletes the key with nullopt.
  template <class F, class... Options>
  auto map_values(F mapper, const Options&... options) const;

  /// `supplier()` makes a std::unique_ptr to a ValueTransformerWithKey<K, V, VOut>; `stores` are names given to
  /// StreamsBuilder::add_state_store.
  template <class F, class... Options>
  auto transform_values(F supplier, const std::vector<std::string>& stores, const Options&... options) const;
  template <class F, class... Options>
  auto transform_values(F supplier, const Options&... options) const {
    return transform_values(std::move(supplier), std::vector<std::string>(), options...);
  }

  // --- as a stream

  /// The table's updates as a stream; nullopt stands for a deletion.
  [[nodiscard]] KStream<K, std::optional<V>> to_stream(const Named& named = {}) const;

  /// to_stream and select_key in one. Marks the key as changed.
  template <class F>
  requires(!std::is_convertible_v<F, Named>) [[nodiscard]] auto to_stream(F mapper, const Named& named = {}) const {
    return to_stream(named).select_key(std::move(mapper));
  }

  /// Holds updates back: see Suppressed. until_window_closes is for windowed tables.
  KTable<K, V> suppress(const Suppressed& suppressed) const;

  // --- joins: `joiner(left, right)` or `joiner(key, left, right)`

  /// The keys that both tables have. The result changes with either.
  ///
  /// In/out   (K,V) + (K,V2) -> (K,VOut); timestamp = the later one's
  /// Errors   TopologyException when the topics have different numbers of partitions (at start)
  template <class K2, class V2, class F, class... Options>
  auto join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;
  /// The keys of this table; the right side may be absent: `joiner(const V&, const V2*)`.
  template <class K2, class V2, class F, class... Options>
  auto left_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;
  /// The keys of either table: `joiner(const V*, const V2*)`, never both nullptr.
  template <class K2, class V2, class F, class... Options>
  auto outer_join(const KTable<K2, V2>& other, F joiner, const Options&... options) const;

  /// Any other arguments: the compiler says what the joins take.
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

  // --- joins by foreign key: each value of this table names a key of the other

  /// `foreign_key(value)` or `foreign_key(key, value)` returns KO, or std::optional<KO> where nullopt joins nothing.
  /// The joiner is called as for join; its key is this table's. Options: TableJoined, Materialized.
  template <class KO, class VO, class E, class F, class... Options>
  requires(!detail::NoJoiner<F>) auto join(const KTable<KO, VO>& other, E foreign_key, F joiner,
                                           const Options&... options) const;
  template <class KO, class VO, class E, class F, class... Options>
  requires(!detail::NoJoiner<F>) auto left_join(const KTable<KO, VO>& other, E foreign_key, F joiner,
                                                const Options&... options) const;

  // --- grouping

  /// Groups the table's rows anew, for count, reduce and aggregate: `selector(key, value)` returns a KeyValue or
  /// std::pair of the new key and value; where one of them is null, the row is left out.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto group_by(F selector, const BasicGrouped<KS, VS>& grouped = {}) const;

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
  enum class JoinKind { inner, left, outer };

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
