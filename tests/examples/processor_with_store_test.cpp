// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#define main processor_with_store_main
#include "../../examples/processor_with_store.cpp"
#undef main
#include "millrace/testing/topology_test_driver.hpp"

BOOST_AUTO_TEST_SUITE(ProcessorWithStore)

BOOST_AUTO_TEST_CASE(writes_averages_every_ten_seconds_and_starts_anew) {
  TopologyTestDriver driver(build_topology());
  auto celsius = driver.create_input_topic<std::string, std::string>("celsius");
  auto averages = driver.create_output_topic<std::string, std::string>("averages");
  using Records = std::vector<Record<std::string, std::string>>;

  celsius.pipe_input("oven", "80", 0);  // the first punctuation runs at the first record
  BOOST_TEST((averages.read_records_to_list() == Records{{"oven", "80.000000", 0, {}}}));
  celsius.pipe_input("oven", "80", 1'000);
  celsius.pipe_input("fridge", "4", 2'000);
  celsius.pipe_input("oven", "85", 9'999);
  BOOST_TEST(averages.is_empty());
  celsius.pipe_input("oven", "90", 10'000);
  BOOST_TEST((averages.read_records_to_list() ==
              Records{{"fridge", "4.000000", 10'000, {}}, {"oven", "85.000000", 10'000, {}}}));
  celsius.pipe_input("oven", "70", 20'000);
  BOOST_TEST((averages.read_records_to_list() == Records{{"oven", "70.000000", 20'000, {}}}));
}

BOOST_AUTO_TEST_SUITE_END()
