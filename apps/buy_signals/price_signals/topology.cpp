// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/price_signals/topology.hpp"

#include <memory>

#include "buy_signals/model.hpp"
#include "buy_signals/price_signals/price_change.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/dsl/streams_builder.hpp"

namespace buy_signals {
namespace {

using namespace millrace;

/// Drops prices that would cause a division by zero. price_replay sends none, but other programs may also write to
/// `pricelist`.
bool has_prices(const Price& price) {
  if (price.open > 0 && price.close > 0) return true;
  log(LogLevel::warn, "pricelist: " + observation_id(price) + " has an open or close that is not above zero; skipped");
  return false;
}

}  // namespace

Topology price_signals(const AlertRule& rule) {
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<std::string, double>(PriceChange::kStore));

  auto prices = builder.stream<Unkeyed, Price>(topic::kPricelist).filter(has_prices);

  prices.filter([=](const Price& price) { return price.close > rule.threshold; })
      .map_values([](const Price& price) {
        return Alert{observation_id(price), price.time};
      })
      .to(topic::kAlerts);

  prices.process_values([] { return std::make_unique<PriceChange>(); }, {PriceChange::kStore}).to(topic::kVariations);

  return builder.build();
}

}  // namespace buy_signals
