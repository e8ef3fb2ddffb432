#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "millrace/dsl/detail/windows/windowed_build.hpp"

namespace millrace {

/// A grouped stream cut into windows: each key has an aggregate per window. W: TimeWindows, UnlimitedWindows or
/// SlidingWindows.
///
/// In/out   (K,V) -> (Windowed<K>,VA); timestamp = the larger of the record's and the aggregate's
/// Time     event time; a record goes into all windows that its time is in
/// State    a window store; retention = size + grace (sliding: 2 * difference + grace), or Materialized's
/// Drops    null keys; with sliding windows null values (other windows aggregate them); records whose window is closed:
///          counted
/// (Kafka Streams: `TimeWindowedKStream`.)
template <class K, class V, class W>
class TimeWindowedKStream {
  using Key = detail::NonNull<K>;
  static constexpr bool kSliding = std::is_same_v<W, SlidingWindows>;
  /// What aggregators are given.
  using Value = std::conditional_t<kSliding, detail::NonNull<V>, V>;

 public:
  /// When results come out. Errors: TopologyException for on_window_close with UnlimitedWindows.
  [[nodiscard]] TimeWindowedKStream emit_strategy(EmitStrategy emit) const {
    if (std::is_same_v<W, UnlimitedWindows> && emit.waits_for_close()) {
      throw TopologyException(
          "EmitStrategy::on_window_close with UnlimitedWindows would never emit: they do not close");
    }
    auto copy = *this;
    copy.emit_ = emit;
    return copy;
  }

  /// The number of records per key and window.
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Windowed<Key>, std::int64_t> count(
      const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return count(Named(), materialized);
  }
  template <class KS = detail::NoSerde, class VS = detail::NoSerde>
  KTable<Windowed<Key>, std::int64_t> count(
      const Named& named, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (!kSliding) detail::burn_count_name(grouping_->graph(), materialized.settings());
    return build<std::int64_t>("KSTREAM-AGGREGATE-", named, materialized.settings(), detail::CountFold<Key, Value>(),
                               {});
  }

  /// Combines values pairwise: `reducer(aggregate, value)`; the first value of a key in a window starts its aggregate.
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto reduce(F reducer, const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return reduce(std::move(reducer), Named(), materialized);
  }
  template <class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto reduce(F reducer, const Named& named,
              const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_reducer<F, Value>()) {
      return build<detail::NonNull<V>>("KSTREAM-REDUCE-", named, materialized.settings(),
                                       detail::ReduceFold<Key, Value, F>{std::move(reducer)}, grouping_->value_serde());
    }
  }

  /// Folds values into an aggregate of another type, as KGroupedStream::aggregate does, per window.
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    return aggregate(std::move(initializer), std::move(aggregator), Named(), materialized);
  }
  template <class I, class F, class KS = detail::NoSerde, class VS = detail::NoSerde>
  auto aggregate(I initializer, F aggregator, const Named& named,
                 const BasicMaterialized<KS, VS>& materialized = Materialized::none()) const {
    if constexpr (detail::require_aggregator<I, F, Key, Value>()) {
      using VA = detail::NonNull<std::remove_cvref_t<std::invoke_result_t<I&>>>;
      return build<VA>("KSTREAM-AGGREGATE-", named, materialized.settings(),
                       detail::AggregateFold<Key, Value, VA, I, F>{std::move(initializer), std::move(aggregator)}, {});
    }
  }

  // --- for the engine's own use

  TimeWindowedKStream(std::shared_ptr<detail::Grouping<K, V>> grouping, W windows)
      : grouping_(std::move(grouping)), windows_(std::move(windows)) {}

 private:
  template <class VA, class Settings, class Fold>
  KTable<Windowed<Key>, VA> build(const char* prefix, const Named& named, const Settings& settings, const Fold& fold,
                                  const detail::CarriedSerde<VA>& stream_serde) const {
    auto& graph = grouping_->graph();
    const std::string store = detail::store_name_or(graph, settings, prefix);
    const std::string node = graph.name_or(named.name(), prefix);
    const auto keys = detail::choose_serde<Key>(settings.key_serde, grouping_->key_serde());
    const auto values = detail::choose_serde<VA>(settings.value_serde, stream_serde);
    return detail::add_windowed(*grouping_, node, settings,
                                detail::plan_windows<Key, VA>(windows_, emit_, store, settings, keys, values), fold,
                                kSliding, values);
  }

  std::shared_ptr<detail::Grouping<K, V>> grouping_;
  W windows_;
  EmitStrategy emit_ = EmitStrategy::on_window_update();
};

}  // namespace millrace
