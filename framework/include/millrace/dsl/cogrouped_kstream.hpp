// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/windows/cogroup.hpp"

namespace millrace {

template <class K, class V>
class KGroupedStream;

/// Several grouped streams, aggregated together per window. W: TimeWindows, UnlimitedWindows or SlidingWindows. A
/// result is emitted at every update. Build phase only. (Kafka Streams: `TimeWindowedCogroupedKStream`.)
template <class K, class A, class W>
class TimeWindowedCogroupedKStream {
  using VA = detail::NonNull<A>;

 public:
  /// Makes a table of aggregates by key and window. Each aggregate starts with `initializer()`. If an aggregator
  /// returns nullopt, the aggregate is deleted. Null values are aggregated, except with SlidingWindows, which drop
  /// them.
  template <class I, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, const BasicMaterialized<KS, VS>& materialized = Materialized()) const {
    return aggregate(std::move(initializer), Named(), materialized);
  }
  template <class I, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized()) const {
    if constexpr (detail::require_cogroup_initializer<I, A>()) {
      const auto& settings = materialized.settings();
      const auto store = detail::store_name_or(cogroup_.graph(), settings, "COGROUPKSTREAM-AGGREGATE-");
      const auto values = detail::choose_serde<VA>(settings.value_serde);
      const auto plan =
          detail::plan_windows<K, VA>(windows_, EmitStrategy::on_window_update(), store, settings,
                                      detail::choose_serde<K>(settings.key_serde, cogroup_.key_serde()), values);
      return detail::aggregate_windowed(cogroup_, named, settings, plan, std::move(initializer),
                                        std::is_same_v<W, SlidingWindows>, values);
    }
  }

  // --- used by the engine only
  TimeWindowedCogroupedKStream(detail::Cogroup<K, A> cogroup, W windows)
      : cogroup_(std::move(cogroup)), windows_(std::move(windows)) {}

 private:
  detail::Cogroup<K, A> cogroup_;
  W windows_;
};

/// Several grouped streams, aggregated together per session. A result is emitted at every update. Build phase only.
/// (Kafka Streams: `SessionWindowedCogroupedKStream`.)
template <class K, class A>
class SessionWindowedCogroupedKStream {
  using VA = detail::NonNull<A>;

 public:
  /// Makes a table of aggregates by key and session. Each aggregate starts with `initializer()`. When two sessions
  /// become one, `merger(key, aggregate, other_aggregate)` combines their aggregates. If an aggregator returns nullopt,
  /// the aggregate is deleted.
  template <class I, class M, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, M merger, const BasicMaterialized<KS, VS>& materialized = Materialized()) const {
    return aggregate(std::move(initializer), std::move(merger), Named(), materialized);
  }
  template <class I, class M, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, M merger, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized()) const {
    if constexpr (detail::require_cogroup_initializer<I, A>() && detail::require_merger<M, K, A>()) {
      const auto& settings = materialized.settings();
      const auto store = detail::store_name_or(cogroup_.graph(), settings, "COGROUPKSTREAM-AGGREGATE-");
      const auto values = detail::choose_serde<VA>(settings.value_serde);
      const auto plan = detail::plan_sessions<K, VA>(windows_, EmitStrategy::on_window_update(), store, settings,
                                                     detail::choose_serde<K>(settings.key_serde, cogroup_.key_serde()),
                                                     values, detail::session_merger<K, A>(std::move(merger)));
      return detail::aggregate_windowed(cogroup_, named, settings, plan, std::move(initializer), false, values);
    }
  }

  /// Never usable: makes the compiler ask for the missing merger.
  template <class I>
  auto aggregate(I /*initializer*/) const {
    static_assert(detail::kNever<I>,
                  "sessions that meet become one: give aggregate a second function, merger(key, aggregate, "
                  "other_aggregate), that joins their aggregates");
  }

  // --- used by the engine only
  SessionWindowedCogroupedKStream(detail::Cogroup<K, A> cogroup, SessionWindows windows)
      : cogroup_(std::move(cogroup)), windows_(windows) {}

 private:
  detail::Cogroup<K, A> cogroup_;
  SessionWindows windows_;
};

/// Several grouped streams that are aggregated into one table. (Kafka Streams: `CogroupedKStream`.) All have keys of
/// type K; the aggregate has type A. Each stream has its own aggregator:
///
///     clicks.cogroup(add_click).cogroup(purchases, add_purchase).aggregate([] { return Visit(); })
///
/// State    one store for all streams
/// Drops    records with a null key or value, counted. Time and session windows aggregate null values.
/// Topics   a stream whose key was changed is repartitioned first
/// Errors   TopologyException at start, if the topics have different numbers of partitions
/// Threads  build phase only. Immutable: each call returns a new object.
template <class K, class A>
class CogroupedKStream {
  using VA = detail::NonNull<A>;

 public:
  /// Adds a stream. `aggregator(key, value, aggregate)` returns the new aggregate.
  template <class K2, class V, class F>
  [[nodiscard]] CogroupedKStream cogroup(const KGroupedStream<K2, V>& group, F aggregator) const {
    constexpr bool kSameKey = std::is_same_v<K, detail::NonNull<K2>>;
    static_assert(kSameKey, "the cogrouped streams have keys of different types: give them the same with select_key");
    if constexpr (kSameKey) {
      if constexpr (detail::require_cogroup_aggregator<A, F, K, V>()) {
        auto copy = *this;
        copy.cogroup_.add(detail::share<detail::CogroupMemberOf<K2, V, A, F>>(group.grouping(), std::move(aggregator)));
        return copy;
      }
    }
  }

  /// Makes a table of aggregates by key. Each aggregate starts with `initializer()`. If an aggregator returns nullopt,
  /// the key is deleted.
  template <class I, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, const BasicMaterialized<KS, VS>& materialized = Materialized()) const {
    return aggregate(std::move(initializer), Named(), materialized);
  }
  template <class I, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized()) const {
    if constexpr (detail::require_cogroup_initializer<I, A>()) {
      const auto& settings = materialized.settings();
      const auto store = detail::store_name_or(cogroup_.graph(), settings, "COGROUPKSTREAM-AGGREGATE-");
      const auto keys = detail::choose_serde<K>(settings.key_serde, cogroup_.key_serde());
      const auto values = detail::choose_serde<VA>(settings.value_serde);
      const bool versioned = settings.history_retention.has_value();
      auto table = detail::share<detail::StoreTableProcessor<K, VA>>(store, versioned);
      const typename detail::CogroupMember<K, A>::Initializer initial = std::move(initializer);
      auto position = cogroup_.aggregate(
          named, detail::make_table_store<K, VA>(store, settings, keys, values), std::nullopt,
          [&](const auto& member) { return member.make_node(store, initial, table->send_old_values()); },
          +[] { return detail::make_node<detail::PassThroughNode<K, Change<VA>>>(); });
      return KTable<K, VA>(std::move(position), keys, values, settings.store_name, std::move(table));
    }
  }

  /// Aggregates per window, or per session.
  [[nodiscard]] TimeWindowedCogroupedKStream<K, A, TimeWindows> windowed_by(const TimeWindows& windows) const {
    return {cogroup_, windows};
  }
  [[nodiscard]] TimeWindowedCogroupedKStream<K, A, UnlimitedWindows> windowed_by(
      const UnlimitedWindows& windows) const {
    return {cogroup_, windows};
  }
  [[nodiscard]] TimeWindowedCogroupedKStream<K, A, SlidingWindows> windowed_by(const SlidingWindows& windows) const {
    return {cogroup_, windows};
  }
  [[nodiscard]] SessionWindowedCogroupedKStream<K, A> windowed_by(const SessionWindows& windows) const {
    return {cogroup_, windows};
  }
  /// Never usable: makes the compiler say which windows are possible.
  template <class W>
  auto windowed_by(const W& /*windows*/) const {
    static_assert(detail::kNever<W>,
                  "windowed_by takes TimeWindows, UnlimitedWindows, SlidingWindows or SessionWindows");
  }

  // --- used by the engine only
  explicit CogroupedKStream(detail::Cogroup<K, A> cogroup) : cogroup_(std::move(cogroup)) {}

 private:
  detail::Cogroup<K, A> cogroup_;
};

}  // namespace millrace
