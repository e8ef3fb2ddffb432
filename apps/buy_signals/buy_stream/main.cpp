// SPDX-License-Identifier: Apache-2.0
// buy_stream: joins alerts with variations. An alert and the variation of the same observation are a buy if the price
// has changed enough.
#include <chrono>
#include <cmath>

#include "buy_signals/applications.hpp"
#include "buy_signals/buy_stream/topology.hpp"
#include "buy_signals/live_page.hpp"
#include "buy_signals/model.hpp"
#include "buy_signals/rule_options.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/app/app.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

using namespace millrace;
using namespace buy_signals;

// The ksqlDB query that this topology replaces:
//
//   CREATE STREAM buy_stream WITH (KAFKA_TOPIC='buy') AS
//     SELECT a.id
//     FROM alerts_stream a
//     INNER JOIN variations_stream v WITHIN 5 MINUTES ON a.id = v.id
//     WHERE ABS(v.variation_ex) > 0.02;
Topology buy_signals::buy_stream(const BuyRule& rule) {
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

int main(int argc, char** argv) {
  BuyRule rule;
  LivePage page;
  return run_app(
      argc, argv,
      {.name = "buy_stream",
       .description = "Joins alerts with variations and writes those with a large enough variation to the topic buy.",
       .defaults = application_defaults(kBuyStream),
       .options =
           [&](Options& options) {
             add_rule_options(options, rule);
             page.add_options(options);
           },
       .topology = [&](const StreamsConfig&) { return buy_stream(rule); },
       .before_start =
           [&](Broker& broker, const StreamsConfig&) {
             create_missing_topics(broker, {topic::kAlerts, topic::kVariations, topic::kBuy});
             page.open(broker);
           }});
}
