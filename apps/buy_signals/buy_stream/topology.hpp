#pragma once

#include <cstdint>

#include "millrace/processor/topology.hpp"

namespace buy_signals {

/// When an alert is worth buying.
struct BuyRule {
  double min_variation = 0.02;      ///< the price must have changed by more than this fraction, up or down
  std::int64_t within_minutes = 5;  ///< event time at most between an alert and the variation that it meets

  /// How long, in event time, either waits for the other. ksqlDB's default is a day, and so much is right for a live
  /// feed. A replay passes years in a second, though, and either topic may be years ahead of the other for a moment:
  /// with a day of grace the result would depend on how fast which topic is read. A century covers any replay.
  std::int64_t grace_days = 36'500;
};

/// alerts ⋈ variations → buy: what the ksqlDB query does (see main.cpp).
[[nodiscard]] millrace::Topology buy_stream(const BuyRule& rule);

}  // namespace buy_signals
