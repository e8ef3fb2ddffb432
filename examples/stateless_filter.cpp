// SPDX-License-Identifier: Apache-2.0
// stateless_filter: copies readings above a limit to another topic, in Fahrenheit.
//
// This example runs on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker.
//
//     topics create readings hot-readings --broker embedded:readings
//     echo '{"sensor":"oven","celsius":81.5}' | topics put readings --broker embedded:readings
//     stateless_filter --broker embedded:readings --limit 60       # until Ctrl-C
//     topics cat hot-readings --broker embedded:readings
//
// A record that is not JSON of this form stops the program, and the message names the record's offset. With -c
// deserialization.exception.handler=log-and-continue, such a record is counted and skipped.
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

namespace {

// A plain struct is a JSON object in topics and stores.
struct Reading {
  std::string sensor;
  double celsius = 0;
};

struct Alarm {
  std::string sensor;
  double fahrenheit = 0;
};

Topology build_topology(double limit) {
  StreamsBuilder builder;
  builder.stream<Unkeyed, Reading>("readings")
      .filter([limit](const Reading& reading) { return reading.celsius > limit; })
      .map_values([](const Reading& reading) {
        return Alarm{reading.sensor, reading.celsius * 1.8 + 32};
      })
      .to("hot-readings");
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) {
  double limit = 60;
  return run_app(argc, argv,
                 {.description = "Copies readings above a limit to the topic hot-readings.",
                  .options = [&](Options& options) { options.option("--limit", limit, "degrees Celsius"); },
                  .topology = [&](const StreamsConfig&) { return build_topology(limit); }});
}
