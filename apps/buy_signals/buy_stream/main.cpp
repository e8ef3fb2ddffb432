// buy_stream: an alert that meets the variation of the same observation is a buy, if the price has changed enough.
// It replaces a ksqlDB query; topology.cpp has both, line by line.
#include "buy_signals/applications.hpp"
#include "buy_signals/buy_stream/topology.hpp"
#include "buy_signals/rule_options.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/app/app.hpp"

int main(int argc, char** argv) {
  using namespace buy_signals;
  BuyRule rule;
  return millrace::run_app(
      argc, argv,
      {.name = "buy_stream",
       .description = "Joins alerts with variations and writes those with a large enough variation to the topic buy.",
       .defaults = application_defaults(kBuyStream),
       .options = [&](millrace::Options& options) { add_rule_options(options, rule); },
       .topology = [&](const millrace::StreamsConfig&) { return buy_stream(rule); },
       .before_start =
           [](millrace::Broker& broker, const millrace::StreamsConfig&) {
             create_missing_topics(broker, {topic::kAlerts, topic::kVariations, topic::kBuy});
           }});
}
