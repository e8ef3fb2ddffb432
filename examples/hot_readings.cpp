// SPDX-License-Identifier: Apache-2.0
// hot_readings: counts the readings above 30 degrees of each sensor. The README shows this program, its commands and a
// test.
//
// This example runs on the embedded broker, which keeps its topics in a directory. For Kafka, write --broker
// localhost:9092 instead.
//
//     topics create readings hot-readings --broker embedded:hot
//     echo '{"sensor":"oven","celsius":81}' | topics put readings --broker embedded:hot
//     hot_readings --broker embedded:hot                      # until Ctrl-C
//     topics cat hot-readings --value long --broker embedded:hot
#include <millrace/app/app.hpp>
#include <millrace/millrace.hpp>
using namespace millrace;

struct Reading {  // in topics: {"sensor":"oven","celsius":81}
  std::string sensor;
  double celsius = 0;
};

Topology hot_readings() {
  StreamsBuilder builder;
  builder.stream<Unkeyed, Reading>("readings")
      .filter([](const Reading& reading) { return reading.celsius > 30; })
      .group_by([](const Reading& reading) { return reading.sensor; })
      .count(Materialized::as("counts"))
      .to_stream()
      .to("hot-readings");
  return builder.build();
}

int main(int argc, char** argv) { return run_app(argc, argv, hot_readings()); }
