// SPDX-License-Identifier: Apache-2.0
// Rows of docs/ksqldb.md: aggregations in windows.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "ksqldb/query.hpp"
#include "ksqldb/shop.hpp"
#include "millrace/functions/aggregates.hpp"
#include "millrace/serde/windowed.hpp"

using boost::test_tools::per_element;
using namespace millrace;
using namespace millrace::aggregates;
using namespace millrace::ksqldb_rows;

namespace {

constexpr Timestamp kMinute = 60'000;

struct Fixture : Query {
  KStream<std::string, Order> by_customer = builder.stream<std::string, Order>("orders-by-customer");

  void order_at(const std::string& customer, double price, Timestamp at) {
    put("orders-by-customer", customer, order(customer, "tea", price), at);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KsqldbWindows, Fixture)

BOOST_AUTO_TEST_CASE(tumbling) {
  // [row: WINDOW TUMBLING]
  struct Spent {
    std::int64_t orders = 0;
    double spent = 0;
  };
  by_customer.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(1h, 10min))
      .aggregate(aggregate_to<Spent>(count(), sum(&Order::price)), Materialized::as("hourly").with_retention(48h))
      .to("hourly");
  // [end]
  order_at("c1", 2, 10 * kMinute);
  order_at("c1", 3, 59 * kMinute);
  order_at("c1", 4, 60 * kMinute);
  order_at("c1", 5, 10 * kMinute);
  order_at("c1", 6, 70 * kMinute);
  order_at("c1", 7, 10 * kMinute);  // too late
  BOOST_TEST(
      rows_with_time("hourly", Keys::time_windows) ==
          Rows({R"(c1[0]={"orders":1,"spent":2.0} @600000)", R"(c1[0]={"orders":2,"spent":5.0} @3540000)",
                R"(c1[3600000]={"orders":1,"spent":4.0} @3600000)", R"(c1[0]={"orders":3,"spent":10.0} @3540000)",
                R"(c1[3600000]={"orders":2,"spent":10.0} @4200000)"}),
      per_element());
  BOOST_TEST(driver().dropped_records() == 1U);
}

BOOST_AUTO_TEST_CASE(hopping) {
  // [row: WINDOW HOPPING]
  by_customer.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(30s, 24h - 30s).advance_by(10s))
      .count(Materialized::as("counts"))
      .to("counts", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  order_at("c1", 1, 15'000);
  order_at("c1", 1, 20'000);
  BOOST_TEST(
      rows("counts", Keys::time_windows) == Rows({"c1[0]=1", "c1[10000]=1", "c1[0]=2", "c1[10000]=2", "c1[20000]=1"}),
      per_element());
}

BOOST_AUTO_TEST_CASE(session) {
  // [row: WINDOW SESSION]
  by_customer.group_by_key()
      .windowed_by(SessionWindows::of_inactivity_gap_and_grace(30s, 24h - 30s))
      .aggregate(max(&Order::price), Materialized::as("sessions"))
      .to("sessions", Produced().with_value_serde(JsonSerde<double>()));
  // [end]
  order_at("c1", 1, 0);
  order_at("c1", 3, 10'000);
  order_at("c1", 2, 40'001);
  BOOST_TEST(rows_with_time("sessions", Keys::sessions) ==
                 Rows({"c1[0,0]=1.0 @0", "c1[0,0]=null @0", "c1[0,10000]=3.0 @10000", "c1[40001,40001]=2.0 @40001"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(windowstart_and_windowend) {
  // [row: WINDOWSTART and WINDOWEND]
  struct Window {
    Timestamp windowstart = 0;
    Timestamp windowend = 0;
    std::int64_t orders = 0;
  };
  by_customer.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(30s, 24h - 30s))
      .count(Materialized::as("counts"))
      .to_stream()
      .map_values([](const Windowed<std::string>& key, std::int64_t orders) {
        return Window{key.window.start, key.window.end, orders};
      })
      .to("counts");
  // [end]
  order_at("c1", 1, 35'000);
  BOOST_TEST(
      rows("counts", Keys::time_windows) == Rows({R"(c1[30000]={"windowstart":30000,"windowend":60000,"orders":1})"}),
      per_element());
}

BOOST_AUTO_TEST_CASE(emit_final) {
  // [row: EMIT FINAL]
  by_customer.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(2ms, 1ms))
      .emit_strategy(EmitStrategy::on_window_close())
      .count(Materialized::as("counts"))
      .to("counts", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  for (const Timestamp at : {0, 1, 2}) order_at("c1", 1, at);
  BOOST_TEST(rows("counts", Keys::time_windows).empty());
  driver().advance_wall_clock_time(1s);
  order_at("c1", 1, 1);
  order_at("c1", 1, 5);
  BOOST_TEST(rows_with_time("counts", Keys::time_windows) == Rows({"c1[0]=3 @1", "c1[2]=1 @2"}), per_element());
}

BOOST_AUTO_TEST_CASE(having_and_emit_final) {
  // [row: HAVING and EMIT FINAL]
  by_customer.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(1h, 5min))
      .emit_strategy(EmitStrategy::on_window_close())
      .count(Materialized::as("counts"))
      .to_stream()
      .filter([](std::int64_t count) { return count > 2; })
      .to("suspects", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  for (const Timestamp minute : {1, 2, 3}) order_at("c1", 1, minute * kMinute);
  order_at("c2", 1, 4 * kMinute);
  order_at("c3", 1, 65 * kMinute);
  BOOST_TEST(rows("suspects", Keys::time_windows) == Rows({"c1[0]=3"}), per_element());
}

BOOST_AUTO_TEST_CASE(a_windowed_source) {
  // [row: WINDOW_TYPE and WINDOW_SIZE]
  using Hour = Windowed<std::string>;
  builder.stream<Hour, Payment>("hourly-payments", Consumed().with_key_serde(TimeWindowedSerde<std::string>(1h)))
      .map_values([](const Hour& key, const Payment& payment) {
        return key.key + " until " + std::to_string(key.window.end) + ": " + std::to_string(payment.amount);
      })
      .to("texts");
  // [end]
  put("hourly-payments", std::string("c1\0\0\0\0\0\0\0\0", 10), R"({"amount":5})");
  BOOST_TEST(rows("texts", Keys::time_windows) == Rows({"c1[0]=c1 until 3600000: 5.000000"}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()
