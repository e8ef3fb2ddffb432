// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/windows/fixed_window_aggregation.hpp"
#include "millrace/dsl/detail/windows/session_window_aggregation.hpp"
#include "millrace/dsl/detail/windows/sliding_window_aggregation.hpp"
#include "millrace/dsl/detail/windows/windowed_tables.hpp"
#include "millrace/dsl/emit_strategy.hpp"
#include "millrace/dsl/materialized.hpp"
#include "millrace/serde/windowed.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::detail {

/// The parts of a windowed aggregation that depend on the kind of windows, but not on the stream. A plain value of the
/// build phase.
template <class K, class VA>
struct WindowedPlan {
  std::shared_ptr<const StoreBuilder> store;
  std::function<std::unique_ptr<WindowAggregation<K, VA>>()> make_aggregation;
  std::shared_ptr<WindowedTable<K, VA>> table;
  CarriedSerde<Windowed<K>> key_serde;  ///< of the resulting table
  std::int64_t grace_ms = 0;            ///< how long after its end a window can change, in ms
};

/// What a kind of window requires of its store. All times in ms.
struct WindowNeeds {
  std::int64_t window_ms = 0;     ///< the window size that the store is given
  std::int64_t retention_ms = 0;  ///< the shortest possible retention
  std::int64_t grace_ms = 0;
  const char* reason = "";  ///< why this retention, for error messages
  /// The shortest possible retention with EmitStrategy::on_window_close. Kafka Streams uses retention_ms, and loses
  /// windows that expire in the millisecond before they close.
  std::int64_t retention_on_close_ms = 0;
  bool caches_on_close = false;  ///< the store may have a cache even with on_window_close
};

// One overload per kind of window. A sum that is too large becomes the largest number.
[[nodiscard]] WindowNeeds window_needs(const TimeWindows& windows);
[[nodiscard]] WindowNeeds window_needs(const UnlimitedWindows& windows);
[[nodiscard]] WindowNeeds window_needs(const SlidingWindows& windows);
[[nodiscard]] WindowNeeds window_needs(const SessionWindows& windows);

/// The retention that the user has given, or the shortest possible. Throws TopologyException, naming the store, if it
/// is too short.
[[nodiscard]] std::int64_t window_retention(const std::string& store, const WindowNeeds& needs,
                                            const MaterializedOptions& options, EmitStrategy emit);

/// Applies the user's Materialized to a store.
void apply_options(StoreSpec& spec, const WindowNeeds& needs, const MaterializedOptions& options, EmitStrategy emit);

/// Chooses the aggregation class for a kind of window.
template <class K, class VA>
struct WindowAggregationOf {
  static std::unique_ptr<WindowAggregation<K, VA>> make(const SlidingWindows& windows,
                                                        const WindowAggregationSettings<K>& settings) {
    return make_as<WindowAggregation<K, VA>, SlidingWindowAggregation<K, VA>>(windows, settings);
  }
  static std::unique_ptr<WindowAggregation<K, VA>> make(const FixedWindows& windows,
                                                        const WindowAggregationSettings<K>& settings) {
    return make_as<WindowAggregation<K, VA>, FixedWindowAggregation<K, VA>>(windows, settings);
  }
};

/// Plans an aggregation. W: TimeWindows, UnlimitedWindows or SlidingWindows. Throws TopologyException if the options do
/// not fit the windows.
template <class K, class VA, class W>
[[nodiscard]] WindowedPlan<K, VA> plan_windows(const W& windows, EmitStrategy emit, const std::string& store_name,
                                               const MaterializedOptions& options, const AnySerde<K>& keys,
                                               const AnySerde<VA>& values) {
  // The store must keep windows at least until they close.
  const WindowNeeds needs = window_needs(windows);
  const std::int64_t retention = window_retention(store_name, needs, options, emit);
  auto store = Stores::timestamped_window_store<K, VA>(store_name, Millis(retention), Millis(needs.window_ms),
                                                       options.medium.value_or(StoreMedium::rocksdb), keys, values);
  apply_options(definition_of(store).spec, needs, options, emit);
  auto table = detail::share<WindowedTableOf<K, VA, WindowGetter<K, VA>>>(store_name);

  // Copied into every task's aggregation. The flag for old values is shared with the table.
  WindowAggregationSettings<K> settings{store_name, emit.waits_for_close(), retention, table->send_old_values(), keys};
  WindowedPlan<K, VA> plan;
  plan.store = detail::shared_store(std::move(store));
  // Called once per task and node.
  plan.make_aggregation = [windows, settings] { return WindowAggregationOf<K, VA>::make(windows, settings); };
  plan.table = std::move(table);
  plan.key_serde = AnySerde<Windowed<K>>(TimeWindowedSerde<K>(Millis(needs.window_ms), keys));
  plan.grace_ms = needs.grace_ms;
  return plan;
}

/// Plans an aggregation over sessions. `merger` combines the aggregates of two sessions.
template <class K, class VA>
[[nodiscard]] WindowedPlan<K, VA> plan_sessions(const SessionWindows& windows, EmitStrategy emit,
                                                const std::string& store_name, const MaterializedOptions& options,
                                                const AnySerde<K>& keys, const AnySerde<VA>& values,
                                                typename SessionWindowAggregation<K, VA>::Merger merger) {
  const WindowNeeds needs = window_needs(windows);
  const std::int64_t retention = window_retention(store_name, needs, options, emit);
  auto store = Stores::session_store<K, VA>(store_name, Millis(retention),
                                            options.medium.value_or(StoreMedium::rocksdb), keys, values);
  apply_options(definition_of(store).spec, needs, options, emit);
  auto table = detail::share<WindowedTableOf<K, VA, SessionGetter<K, VA>>>(store_name);

  WindowAggregationSettings<K> settings{store_name, emit.waits_for_close(), retention, table->send_old_values(), keys};
  WindowedPlan<K, VA> plan;
  plan.store = detail::shared_store(std::move(store));
  // Each task gets its own copy of the merger.
  plan.make_aggregation = [windows, settings, merger = std::move(merger)] {
    return make_as<WindowAggregation<K, VA>, SessionWindowAggregation<K, VA>>(windows, settings, merger);
  };
  plan.table = std::move(table);
  plan.key_serde = AnySerde<Windowed<K>>(SessionWindowedSerde<K>(keys));
  plan.grace_ms = needs.grace_ms;
  return plan;
}

}  // namespace millrace::detail
