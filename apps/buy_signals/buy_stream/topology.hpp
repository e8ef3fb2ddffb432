// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/processor/topology.hpp"

namespace buy_signals {

/// Decides which alerts are buys.
struct BuyRule {
  double min_variation = 0.02;      ///< the price must have changed by more than this fraction, up or down
  std::int64_t within_minutes = 5;  ///< largest distance in event time between an alert and its variation

  /// How long each side of the join is kept for the other, in event time. ksqlDB's default is one day, which suits a
  /// live feed. A replay passes years in a second, and for a moment one topic may be read years ahead of the other.
  /// With one day of grace, the result would depend on the speed of reading. A century is enough for any replay.
  std::int64_t grace_days = 36'500;
};

/// alerts ⋈ variations → buy. Does what the ksqlDB query does (see main.cpp).
[[nodiscard]] millrace::Topology buy_stream(const BuyRule& rule);

}  // namespace buy_signals
