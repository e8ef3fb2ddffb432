// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/windows/windowed_plan.hpp"

#include <algorithm>
#include <limits>

#include "millrace/common/detail/saturating.hpp"

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

}  // namespace

// A window must be kept until it is closed: for its size, and then for grace.
WindowNeeds window_needs(const TimeWindows& windows) {
  const std::int64_t until_closed = saturating_add(windows.size_ms(), windows.grace_ms());
  return {windows.size_ms(), until_closed, windows.grace_ms(), "the window size plus grace", until_closed, true};
}

WindowNeeds window_needs(const UnlimitedWindows& /*windows*/) {
  // The one window never ends, so its entries never expire.
  return {kForever, kForever, 0, "unlimited, as the window", kForever, true};
}

WindowNeeds window_needs(const SlidingWindows& windows) {
  const std::int64_t difference = windows.time_difference_ms();
  // A new right window can need a window that begins this long before the record.
  const std::int64_t retention = saturating_add(saturating_add(difference, difference), windows.grace_ms());
  return {difference, retention, windows.grace_ms(), "twice the time difference plus grace", retention, false};
}

WindowNeeds window_needs(const SessionWindows& windows) {
  // A session can still change for gap plus grace after its end.
  const std::int64_t until_closed = saturating_add(windows.inactivity_gap_ms(), windows.grace_ms());
  // One more millisecond on close: the session that ends exactly at the close time is still needed.
  return {windows.inactivity_gap_ms(),     until_closed, until_closed, "the inactivity gap plus grace",
          saturating_add(until_closed, 1), false};
}

std::int64_t window_retention(const std::string& store, const WindowNeeds& needs, const MaterializedOptions& options,
                              EmitStrategy emit) {
  if (options.history_retention) {
    throw TopologyException("store '" + store + "' of a windowed aggregation cannot be versioned");
  }
  // As in Kafka Streams, the default is the smallest retention that works.
  const std::int64_t retention = options.retention ? options.retention->count() : needs.retention_ms;
  // A store that forgets windows before they are closed would give wrong results.
  if (retention < needs.retention_ms) {
    throw TopologyException("store '" + store + "': the retention (" + std::to_string(retention) +
                            " ms) must be at least " + needs.reason + " (" + std::to_string(needs.retention_ms) +
                            " ms)");
  }
  // A user's retention that is too short for on_window_close is extended without a message, to lose no result.
  return emit.waits_for_close() ? std::max(retention, needs.retention_on_close_ms) : retention;
}

void apply_options(StoreSpec& spec, const WindowNeeds& needs, const MaterializedOptions& options, EmitStrategy emit) {
  // True: default.dsl.store decides, which is known only when the application starts.
  spec.default_medium = !options.medium.has_value();
  spec.dsl_format = true;
  spec.logging = options.logging;
  spec.log_config = options.log_config;
  // With on_window_close sliding and session windows have no cache, as in Kafka Streams.
  spec.caching = options.caching && (needs.caches_on_close || !emit.waits_for_close());
}

}  // namespace millrace::detail
