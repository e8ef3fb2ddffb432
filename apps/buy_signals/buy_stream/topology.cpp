#include "buy_signals/buy_stream/topology.hpp"

#include <cmath>

#include "buy_signals/model.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace buy_signals {

using namespace millrace;

// CREATE STREAM buy_stream WITH (KAFKA_TOPIC='buy') AS
//   SELECT a.id
//   FROM alerts_stream a
//   INNER JOIN variations_stream v WITHIN 5 MINUTES ON a.id = v.id
//   WHERE ABS(v.variation_ex) > 0.02;
Topology buy_stream(const BuyRule& rule) {
  StreamsBuilder builder;

  const auto by_id = [](const auto& record) { return record.id; };
  auto alerts = builder.stream<Unkeyed, Alert>(topic::kAlerts).select_key(by_id);
  auto variations = builder.stream<Unkeyed, Variation>(topic::kVariations).select_key(by_id);

  const auto of_the_same_observation = [](const Alert&, const Variation& variation) { return variation; };

  alerts
      .join(variations, of_the_same_observation,
            JoinWindows::of_time_difference_and_grace(std::chrono::minutes(rule.within_minutes),
                                                      std::chrono::days(rule.grace_days)))
      .filter([=](const Variation& variation) { return std::abs(variation.variation_ex) > rule.min_variation; })
      .map_values([](const Variation& variation) { return Buy{variation.id}; })
      .to(topic::kBuy);

  return builder.build();
}

}  // namespace buy_signals
