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
      .option("--within-minutes", rule.within_minutes, "event time at most between an alert and its variation")
      .option("--grace-days", rule.grace_days,
              "how long in event time either waits for the other; enough for a replay of a century, for a live feed "
              "take 1, as ksqlDB does");
}

}  // namespace buy_signals
