// SPDX-License-Identifier: Apache-2.0
// Ready-made aggregates of tables: a row that changes leaves its old group first.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/functions/aggregates.hpp"
#include "unit/functions/sales.hpp"

using namespace millrace;
using namespace millrace::test;
using namespace millrace::aggregates;

namespace {

struct Stock {
  std::int64_t rows = 0;
  std::int64_t amount = 0;
  double price = 0;
  std::vector<std::int32_t> amounts;
  std::map<std::int32_t, std::int64_t> counts;
};

S text(const std::optional<Stock>& stock) {
  S text = std::to_string(stock->rows) + " " + std::to_string(stock->amount) + " " + to_json_string(stock->price);
  for (const auto amount : stock->amounts) text += " " + std::to_string(amount);
  for (const auto& [amount, count] : stock->counts) text += " " + std::to_string(amount) + "x" + std::to_string(count);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TableAggregation)

BOOST_AUTO_TEST_CASE(takes_back_the_rows_that_leave_a_group) {
  StreamsBuilder builder;
  builder.table<S, Sale>("in")
      .group_by([](const S&, const Sale& sale) { return std::pair(sale.item.value_or("none"), sale); })
      .aggregate(aggregate_to<Stock>(count(), sum(&Sale::amount), avg(&Sale::price), collect_list(&Sale::amount),
                                     histogram(&Sale::amount)),
                 Named::as("stock"), Materialized::as("s"))
      .to_stream()
      .map_values([](const std::optional<Stock>& stock) { return N(text(stock)); })
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, Sale>("in");
  in.pipe_input("1", {2.0, "tea", 5});
  in.pipe_input("2", {4.0, "tea", 7});
  in.pipe_input("3", {std::nullopt, "tea", 5});
  auto out = driver.create_output_topic<S, S>("out");
  BOOST_TEST(out.read_key_values_to_map().at("tea") == "3 17 3.0 5 7 5 5x2 7x1");
  in.pipe_input("1", {2.0, "rum", 5});
  auto last = out.read_key_values_to_map();
  BOOST_TEST(last.at("tea") == "2 12 4.0 5 7 5x1 7x1");
  BOOST_TEST(last.at("rum") == "1 5 2.0 5 5x1");
  in.pipe_input("2", {4.0, "rum", 7});
  last = out.read_key_values_to_map();
  BOOST_TEST(last.at("tea") == "1 5 0.0 5 5x1");
  BOOST_TEST(last.at("rum") == "2 12 3.0 5 7 5x1 7x1");
}

BOOST_AUTO_TEST_SUITE_END()
