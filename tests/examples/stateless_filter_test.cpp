// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#define main stateless_filter_main
#include "../../examples/stateless_filter.cpp"
#undef main
#include "millrace/testing/topology_test_driver.hpp"

BOOST_AUTO_TEST_SUITE(StatelessFilter)

BOOST_AUTO_TEST_CASE(copies_what_is_above_the_limit) {
  TopologyTestDriver driver(build_topology(60));
  auto readings = driver.create_input_topic<Unkeyed, std::string>("readings");
  auto hot = driver.create_output_topic<Unkeyed, std::string>("hot-readings");
  readings.pipe_input(R"({"sensor":"oven","celsius":80})");
  readings.pipe_input(R"({"sensor":"fridge","celsius":4.5})");
  readings.pipe_input(R"({"sensor":"pot","celsius":60})");
  BOOST_TEST(hot.read_value() == R"({"sensor":"oven","fahrenheit":176.0})");
  BOOST_TEST(hot.is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
