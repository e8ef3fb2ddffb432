// SPDX-License-Identifier: Apache-2.0
// What a user of Millrace writes, compiled outside of its tree: a topology, driven here by the test driver, and the
// usual command line if there are arguments.
#include <iostream>

#include "millrace/app/app.hpp"
#include "millrace/functions/timestamps.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

struct Price {
  std::string symbol;
  double close = 0;
};
MILLRACE_JSON(Price, symbol, close)

millrace::Topology expensive() {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, Price>("prices").filter([](const Price& p) { return p.close > 195; }).to("expensive");
  return builder.build();
}

int main(int argc, char** argv) {
  if (argc > 1) return millrace::run_app(argc, argv, expensive());
  millrace::TopologyTestDriver driver(expensive());
  auto prices = driver.create_input_topic<std::string, Price>("prices");
  prices.pipe_input("1", {"AAPL", 58.7});
  prices.pipe_input("2", {"IBM", 201.5}, millrace::parse_timestamp("2018-03-28", "yyyy-MM-dd", "America/New_York"));
  auto found = driver.create_output_topic<std::string, Price>("expensive");
  while (!found.is_empty()) {
    const auto price = found.read_record();
    std::cout << price.value.symbol << ' ' << price.value.close << ' '
              << millrace::format_timestamp(price.timestamp, "HH:mm, d MMMM") << '\n';
  }
}
