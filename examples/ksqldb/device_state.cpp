// SPDX-License-Identifier: Apache-2.0
// device_state: keeps the latest state and some statistics of each device in a table. It replaces these statements:
//
//     CREATE STREAM readings (device STRING KEY, celsius DOUBLE, battery INT, firmware STRING)
//       WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON');
//     CREATE TABLE device_state WITH (KAFKA_TOPIC='device-state') AS
//       SELECT device, LATEST_BY_OFFSET(celsius) AS celsius, LATEST_BY_OFFSET(battery) AS battery,
//              LATEST_BY_OFFSET(firmware) AS firmware, MIN(celsius) AS coldest, MAX(celsius) AS hottest,
//              AVG(celsius) AS mean, COUNT(*) AS readings
//       FROM readings GROUP BY device EMIT CHANGES;
//
// A reading may lack some columns. The latest value of a column is its latest value that is not null.
//
// Try it on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker. As in ksqlDB, a new program reads only new records, unless told otherwise, and
// writes at most one row per device every two seconds. With -c statestore.cache.max.bytes=0, it writes every change.
//
//     topics create readings device-state --broker embedded:plant
//     printf '%s\n' 'd1={"celsius":20.5,"battery":80,"firmware":"1.2"}' 'd1={"celsius":22.5}' |
//         topics put readings --key-separator = --broker embedded:plant
//     device_state --broker embedded:plant -c consumer.auto.offset.reset=earliest     # until Ctrl-C
//     topics cat device-state --broker embedded:plant
#include <optional>
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/functions/aggregates.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;
using namespace millrace::aggregates;

namespace {

struct Reading {
  std::optional<double> celsius;
  std::optional<std::int32_t> battery;
  std::optional<std::string> firmware;
};

struct DeviceState {
  std::optional<double> celsius;
  std::optional<std::int32_t> battery;
  std::optional<std::string> firmware;
  std::optional<double> coldest;
  std::optional<double> hottest;
  double mean = 0;
  std::int64_t readings = 0;
};

Topology build_topology(const StreamsConfig& config) {
  StreamsBuilder builder;
  builder.stream<std::string, Reading>("readings")
      .group_by_key()
      .aggregate(
          aggregate_to<DeviceState>(latest(&Reading::celsius), latest(&Reading::battery), latest(&Reading::firmware),
                                    min(&Reading::celsius), max(&Reading::celsius), avg(&Reading::celsius), count()),
          Materialized::as("device-state"))
      .to("device-state");
  return builder.build(config);
}

}  // namespace

int main(int argc, char** argv) {
  return run_app(argc, argv, {.defaults = StreamsConfig::like_ksqldb(), .topology = build_topology});
}
