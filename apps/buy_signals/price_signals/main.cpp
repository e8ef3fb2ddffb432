// SPDX-License-Identifier: Apache-2.0
// price_signals: computes alerts and variations from the prices in the topic `pricelist`.
#include "buy_signals/applications.hpp"
#include "buy_signals/live_page.hpp"
#include "buy_signals/price_signals/topology.hpp"
#include "buy_signals/rule_options.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/app/app.hpp"

int main(int argc, char** argv) {
  using namespace buy_signals;
  AlertRule rule;
  LivePage page;
  return millrace::run_app(
      argc, argv,
      {.name = "price_signals",
       .description = "Computes alerts (a close above a threshold) and variations (changes against the close before).",
       .defaults = application_defaults(kPriceSignals),
       .options =
           [&](millrace::Options& options) {
             add_rule_options(options, rule);
             page.add_options(options);
           },
       .topology = [&](const millrace::StreamsConfig&) { return price_signals(rule); },
       .before_start =
           [&](millrace::Broker& broker, const millrace::StreamsConfig&) {
             create_missing_topics(broker, {topic::kPricelist, topic::kAlerts, topic::kVariations});
             page.open(broker);
           }});
}
