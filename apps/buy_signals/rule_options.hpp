// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buy_signals/buy_stream/topology.hpp"
#include "buy_signals/price_signals/topology.hpp"
#include "millrace/app/options.hpp"

namespace buy_signals {

inline void add_rule_options(millrace::Options& options, AlertRule& rule) {
  options.option("--threshold", rule.threshold, "a close above this many dollars is an alert");
}

inline void add_rule_options(millrace::Options& options, BuyRule& rule) {
  options
      .option("--min-variation", rule.min_variation,
              "an alert is a buy if the price has changed by more than this fraction, up or down")
      .option("--within-minutes", rule.within_minutes,
              "largest distance in event time between an alert and its variation")
      .option("--grace-days", rule.grace_days,
              "how long the join keeps each side for the other, in event time; the default suits a replay of a "
              "century; for a live feed give 1, as ksqlDB does");
}

}  // namespace buy_signals
