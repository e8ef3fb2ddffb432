// SPDX-License-Identifier: Apache-2.0
// trades_store: copies trades and what the analysis made of them to MongoDB, each topic to the collection of its name.
#include <memory>
#include <utility>

#include "millrace/connect/run_sink.hpp"
#include "millrace/mongodb/mongo_options.hpp"
#include "millrace/mongodb/mongo_sink.hpp"

using namespace millrace::connect;

int main(int argc, char** argv) {
  MongoOptions mongo("trades");
  bool dates = false;
  return run_sink(
      argc, argv,
      {.name = "trades_store",
       .description = "Copies trades, candles and large trades to MongoDB. Each record is one document, also "
                      "after a crash.",
       .topics = {"raw_data", "candles", "large_trades"},
       .options =
           [&](millrace::Options& options) {
             mongo.add(options);
             options.flag("--dates", dates, "store the field 'time' as a date instead of a number");
           },
       .sink =
           [&](const millrace::StreamsConfig&) {
             auto settings = mongo.settings();
             settings.indexes = {{.fields = {"symbol", "time"}}, {.fields = {"time"}}};
             if (dates) settings.dates = {"time"};
             return std::make_unique<MongoSink>(std::move(settings));
           }});
}
