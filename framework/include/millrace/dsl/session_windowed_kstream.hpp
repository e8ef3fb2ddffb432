// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "millrace/dsl/detail/tables/aggregation_functions.hpp"
#include "millrace/dsl/detail/windows/windowed_build.hpp"

namespace millrace {

/// A grouped stream divided into sessions. Each key has one aggregate per session. (Kafka Streams:
/// `SessionWindowedKStream`.)
///
/// In/out   (K,V) -> (Windowed<K>,VA); timestamp = the session's end. If a record extends or combines sessions, the old
///          sessions are deleted first (null value), then the new session follows.
/// Headers  none; with a cached store, those of the latest update
/// Time     event time; start and end of a session are both inclusive
/// State    a session store; retention = gap + grace, unless Materialized sets it
/// Drops    null keys, and records whose session is closed: counted. Null values are aggregated.
template <class K, class V>
class SessionWindowedKStream {
  using Key = detail::NonNull<K>;

 public:
  /// Sets when results are emitted. Default: at every update.
  [[nodiscard]] SessionWindowedKStream emit_strategy(EmitStrategy emit) const {
    auto copy = *this;
    copy.emit_ = emit;
    return copy;
  }

  /// Counts the records of each key and session.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Windowed<Key>, std::int64_t> count(
      const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return count(Named(), materialized);
  }
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Windowed<Key>, std::int64_t> count(
      const Named& named, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    detail::burn_count_name(grouping_->graph(), materialized.settings());
    return build<std::int64_t>("KSTREAM-AGGREGATE-", named, materialized.settings(), detail::CountFold<Key, V>(), {},
                               [](const Key&, std::optional<std::int64_t> one, std::int64_t other) {
                                 return std::optional<std::int64_t>(*one + other);
                               });
  }

  /// Combines the values of a session: `reducer(aggregate, value)` returns the new aggregate. It also combines the
  /// aggregates of two sessions.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto reduce(F reducer, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return reduce(std::move(reducer), Named(), materialized);
  }
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto reduce(F reducer, const Named& named,
              const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_reducer<F, V>()) {
      using Element = detail::NonNull<V>;
      auto merger = [reducer](const Key&, std::optional<Element> one, Element other) mutable {
        if (!one) return std::optional<Element>(std::move(other));
        return std::optional<Element>(reducer(std::as_const(*one), std::as_const(other)));
      };
      return build<Element>("KSTREAM-REDUCE-", named, materialized.settings(),
                            detail::ReduceFold<Key, V, F>{std::move(reducer)}, grouping_->value_serde(),
                            std::move(merger));
    }
  }

  /// Aggregates the values of each session into another type; see KGroupedStream::aggregate. `merger(key, aggregate,
  /// other_aggregate)` combines two aggregates: those of two sessions, or the initial aggregate and that of a session.
  template <class I, class F, class M, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator, M merger,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(std::move(initializer), std::move(aggregator), std::move(merger), Named(), materialized);
  }
  template <class I, class F, class M, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator, M merger, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_aggregator<I, F, Key, V>()) {
      using Given = std::remove_cvref_t<std::invoke_result_t<I&>>;
      if constexpr (detail::require_merger<M, Key, Given>()) {
        using VA = detail::NonNull<Given>;
        return build<VA>("KSTREAM-AGGREGATE-", named, materialized.settings(),
                         detail::AggregateFold<Key, V, VA, I, F>{std::move(initializer), std::move(aggregator)}, {},
                         detail::session_merger<Key, Given>(std::move(merger)));
      }
    }
  }

  /// Aggregates with ready-made functions; see millrace/functions/aggregates.hpp. The table shows the results. The
  /// store holds the states of the functions.
  template <detail::ReadyAggregation A, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(const A& aggregation, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(aggregation, Named(), materialized);
  }
  template <detail::ReadyAggregation A, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(const A& aggregation, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::kFitsValues<A, detail::NonNull<V>>) {
      const auto functions = detail::functions_of<detail::NonNull<V>>(aggregation);
      return functions.results(
          aggregate(functions.initializer(), functions.adder(), functions.merger(), named, materialized), named);
    }
  }

  /// Never usable: makes the compiler ask for the missing merger.
  template <class I, class F>
  auto aggregate(I /*initializer*/, F /*aggregator*/) const {
    static_assert(detail::kNever<I, F>,
                  "sessions that meet become one: give aggregate a third function, merger(key, aggregate, "
                  "other_aggregate), that joins their aggregates");
  }

  // --- used by the engine only

  SessionWindowedKStream(std::shared_ptr<detail::Grouping<K, V>> grouping, SessionWindows windows)
      : grouping_(std::move(grouping)), windows_(windows) {}

 private:
  template <class VA, class Settings, class Fold>
  KTable<Windowed<Key>, VA> build(const char* prefix, const Named& named, const Settings& settings, const Fold& fold,
                                  const detail::CarriedSerde<VA>& stream_serde,
                                  typename detail::SessionWindowAggregation<Key, VA>::Merger merger) const {
    auto& graph = grouping_->graph();
    const std::string store = detail::store_name_or(graph, settings, prefix);
    const std::string node = graph.name_or(named.name(), prefix);
    const auto keys = detail::choose_serde<Key>(settings.key_serde, grouping_->key_serde());
    const auto values = detail::choose_serde<VA>(settings.value_serde, stream_serde);
    auto plan = detail::plan_sessions<Key, VA>(windows_, emit_, store, settings, keys, values, std::move(merger));
    return detail::add_windowed(*grouping_, node, settings, plan, fold, false, values);
  }

  std::shared_ptr<detail::Grouping<K, V>> grouping_;
  SessionWindows windows_;
  EmitStrategy emit_ = EmitStrategy::on_window_update();
};

}  // namespace millrace
