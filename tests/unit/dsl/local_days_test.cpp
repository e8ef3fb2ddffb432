// SPDX-License-Identifier: Apache-2.0
// The two ways of docs/practice.md to count per day of a time zone.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
// When summer time begins and ends. Milliseconds since the epoch; the comments show UTC.
constexpr Timestamp kSummerBegins = 1'711'846'800'000;  // 2024-03-31T01:00
constexpr Timestamp kSummerEnds = 1'729'990'800'000;    // 2024-10-27T01:00

/// The local time in Berlin in 2024.
Timestamp local_time(Timestamp utc) { return utc + (utc >= kSummerBegins && utc < kSummerEnds ? 2 : 1) * kHour; }
std::string local_day(Timestamp utc) { return std::to_string(local_time(utc) / kDay); }

/// Pipes one record for each hour of three days around a change of the clocks. Returns the count of each day.
std::map<std::string, std::int64_t> count_hours(const Topology& topology, Timestamp change) {
  TopologyTestDriver driver(topology);
  auto in = driver.create_input_topic<std::string, std::int64_t>("sales");
  for (Timestamp time = change - 48 * kHour; time < change + 48 * kHour; time += kHour)
    in.pipe_input("shop", time, time);
  return driver.create_output_topic<std::string, std::int64_t>("out").read_key_values_to_map();
}

/// Checks the counts of the day before the change, the day of the change (`hours`), and the day after.
void check_days(const Topology& topology, Timestamp change, std::int64_t hours) {
  const auto counts = count_hours(topology, change);
  const auto day = [&](int number) { return counts.at("shop/" + std::to_string(local_time(change) / kDay + number)); };
  BOOST_CHECK_EQUAL(day(-1), 24);
  BOOST_CHECK_EQUAL(day(0), hours);
  BOOST_CHECK_EQUAL(day(1), 24);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(LocalDays)

BOOST_AUTO_TEST_CASE(as_a_part_of_the_key) {
  StreamsBuilder builder;
  builder.stream<std::string, std::int64_t>("sales")
      .select_key([](const std::string& shop, std::int64_t time) { return shop + "/" + local_day(time); })
      .group_by_key()
      .count(Materialized::as("sales-by-day"))
      .to_stream()
      .to("out");
  const Topology topology = builder.build();
  check_days(topology, kSummerBegins, 23);
  check_days(topology, kSummerEnds, 25);
}

BOOST_AUTO_TEST_CASE(by_event_times_that_are_local) {
  StreamsBuilder builder;
  builder
      .stream<std::string, std::int64_t>(
          "sales", Consumed().with_timestamp_extractor([](const Record<std::string, std::int64_t>& record, Timestamp) {
            return local_time(record.timestamp);
          }))
      .group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(24h, 1h))
      .count()
      .to_stream()
      .map([](const Windowed<std::string>& key, const std::optional<std::int64_t>& count) {
        return KeyValue<std::string, std::int64_t>(key.key + "/" + std::to_string(key.window.start / kDay),
                                                   count.value_or(0));
      })
      .to("out");
  const Topology topology = builder.build();
  check_days(topology, kSummerBegins, 23);
  check_days(topology, kSummerEnds, 25);
}

BOOST_AUTO_TEST_SUITE_END()
