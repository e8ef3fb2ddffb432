// SPDX-License-Identifier: Apache-2.0
// suspicious_cards: finds the cards with more than three attempts in one hour. It replaces these statements:
//
//     CREATE STREAM attempts (card STRING KEY, shop STRING, amount DOUBLE, at STRING)
//       WITH (KAFKA_TOPIC='attempts', VALUE_FORMAT='JSON',
//             TIMESTAMP='at', TIMESTAMP_FORMAT='yyyy-MM-dd HH:mm:ss');
//     CREATE TABLE suspicious_cards WITH (KAFKA_TOPIC='suspicious-cards') AS
//       SELECT card, WINDOWSTART AS windowstart, COUNT(*) AS attempts, SUM(amount) AS amount,
//              COLLECT_SET(shop) AS shops
//       FROM attempts WINDOW TUMBLING (SIZE 1 HOUR, GRACE PERIOD 5 MINUTES)
//       GROUP BY card HAVING COUNT(*) > 3 EMIT FINAL;
//
// The result of an hour is written once: with the first attempt after the hour and the grace, of any card in the same
// partition. The program looks for finished hours once a second. So the last attempt below comes with a second start.
//
// Try it on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker. As in ksqlDB, a new program reads only new records, unless told otherwise.
//
//     topics create attempts suspicious-cards --broker embedded:bank
//     for minute in 01 02 03 04; do
//         echo '4711={"shop":"s'$minute'","amount":10,"at":"2024-05-01 12:'$minute':00"}'
//     done | topics put attempts --key-separator = --broker embedded:bank
//     suspicious_cards --broker embedded:bank -c consumer.auto.offset.reset=earliest  # until Ctrl-C
//     echo '4712={"shop":"s1","amount":10,"at":"2024-05-01 13:05:00"}' |
//         topics put attempts --key-separator = --broker embedded:bank
//     suspicious_cards --broker embedded:bank                                         # until Ctrl-C
//     topics cat suspicious-cards --key windowed:string --broker embedded:bank
#include <chrono>
#include <string>
#include <vector>

#include "millrace/app/app.hpp"
#include "millrace/functions/aggregates.hpp"
#include "millrace/functions/timestamps.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;
using namespace millrace::aggregates;
using namespace std::chrono_literals;

namespace {

struct Attempt {
  std::string shop;
  double amount = 0;
  std::string at;  // in UTC
};

struct Activity {
  std::int64_t attempts = 0;
  double amount = 0;
  std::vector<std::string> shops;
};

struct Suspicion : Activity {
  std::string windowstart;
};
MILLRACE_JSON(Suspicion, windowstart, inherits(Activity))

constexpr auto kFormat = "yyyy-MM-dd HH:mm:ss";

Suspicion suspect(const Windowed<std::string>& card, const Activity& activity) {
  return {activity, format_timestamp(card.window.start, kFormat)};
}

Topology build_topology(const StreamsConfig& config) {
  StreamsBuilder builder;
  builder.stream<std::string, Attempt>("attempts", Consumed().with_timestamp(&Attempt::at, kFormat))
      .group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(1h, 5min))
      .emit_strategy(EmitStrategy::on_window_close())
      .aggregate(aggregate_to<Activity>(count(), sum(&Attempt::amount), collect_set(&Attempt::shop)),
                 Materialized::as("attempts-per-hour"))
      .to_stream()
      .filter([](const Activity& activity) { return activity.attempts > 3; })
      .map_values(suspect)
      .to("suspicious-cards");
  return builder.build(config);
}

}  // namespace

int main(int argc, char** argv) {
  return run_app(argc, argv, {.defaults = StreamsConfig::like_ksqldb(), .topology = build_topology});
}
