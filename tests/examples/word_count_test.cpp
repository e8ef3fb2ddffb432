// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#define main word_count_main
#include "../../examples/word_count.cpp"
#undef main
#include "millrace/testing/topology_test_driver.hpp"

BOOST_AUTO_TEST_SUITE(WordCount)

BOOST_AUTO_TEST_CASE(writes_each_new_count) {
  TopologyTestDriver driver(build_topology());
  auto lines = driver.create_input_topic<Unkeyed, std::string>("lines");
  auto counts = driver.create_output_topic<std::string, std::string>("word-counts");
  lines.pipe_input("to be or");
  lines.pipe_input("not to be");
  using Pairs = std::vector<KeyValue<std::string, std::string>>;
  BOOST_TEST((counts.read_key_values_to_list() ==
              Pairs{{"to", "1"}, {"be", "1"}, {"or", "1"}, {"not", "1"}, {"to", "2"}, {"be", "2"}}));
}

BOOST_AUTO_TEST_SUITE_END()
