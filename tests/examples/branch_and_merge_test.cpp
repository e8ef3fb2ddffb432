// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#define main branch_and_merge_main
#include "../../examples/branch_and_merge.cpp"
#undef main
#include "millrace/testing/topology_test_driver.hpp"

BOOST_AUTO_TEST_SUITE(BranchAndMerge)

BOOST_AUTO_TEST_CASE(sends_lines_to_the_topic_of_their_severity) {
  TopologyTestDriver driver(build_topology());
  auto log = driver.create_input_topic<Unkeyed, std::string>("log");
  log.pipe_value_list({"ERROR disk full", "WARN disk nearly full", "INFO all well", "ERRORS are none"});
  const auto values = [&](const std::string& topic) {
    return driver.create_output_topic<Unkeyed, std::string>(topic).read_values_to_list();
  };
  using Lines = std::vector<std::string>;
  BOOST_TEST((values("errors") == Lines{"ERROR disk full"}));
  BOOST_TEST((values("warnings") == Lines{"WARN disk nearly full"}));
  BOOST_TEST((values("other") == Lines{"INFO all well", "ERRORS are none"}));
  BOOST_TEST((values("attention") == Lines{"now: ERROR disk full", "soon: WARN disk nearly full"}));
}

BOOST_AUTO_TEST_SUITE_END()
