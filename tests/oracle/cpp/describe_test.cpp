// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/config/streams_config.hpp"
#include "oracle/cpp/cases.hpp"
#include "oracle/cpp/golden.hpp"

namespace oracle {
namespace {

Cases all_cases() {
  Cases all = reference_cases();
  all.merge(describe_cases());
  all.merge(describe_join_cases());
  all.merge(describe_aggregate_cases());
  all.merge(describe_window_cases());
  all.merge(describe_table_cases());
  return all;
}

/// The value of `topology.optimization` for the cases that set it.
const std::map<std::string, std::string>& optimizations() {
  static const std::map<std::string, std::string> kOptimizations{
      {"22-optimization-all", "all"},
      {"24-self-join-single-store", "single.store.self.join"},
  };
  return kOptimizations;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(DescribeOracle)

BOOST_AUTO_TEST_CASE(every_case_is_there_in_both_languages) {
  const auto twins = all_cases();
  const auto java = golden("describe");
  for (const auto& [name, text] : java) BOOST_TEST(twins.contains(name), "in Java alone: " << name);
  for (const auto& [name, build] : twins) BOOST_TEST(java.contains(name), "in C++ alone: " << name);
}

BOOST_AUTO_TEST_CASE(finds_descriptions_equal_to_java_s_byte_for_byte) {
  const auto java = golden("describe");
  for (const auto& [name, build] : all_cases()) {
    BOOST_TEST_CONTEXT("case " << name) {
      StreamsBuilder builder;
      build(builder);
      const auto optimized = optimizations().find(name);
      const auto topology =
          optimized == optimizations().end()
              ? builder.build()
              : builder.build(millrace::StreamsConfig().set("topology.optimization", optimized->second));
      BOOST_TEST(difference(java.at(name), topology.describe()) == "");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace oracle
