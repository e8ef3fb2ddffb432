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

/// What the DSL cannot say, and why; the list is checked to be exact.
const std::map<std::string, std::string>& absent() {
  static const std::map<std::string, std::string> kAbsent{};
  return kAbsent;
}

/// The `topology.optimization` of the cases that have one.
const std::map<std::string, std::string>& optimizations() {
  static const std::map<std::string, std::string> kOptimizations{
      {"22-optimization-all", "all"},
      {"24-self-join-single-store", "single.store.self.join"},
  };
  return kOptimizations;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(DescribeOracle)

BOOST_AUTO_TEST_CASE(every_java_case_has_a_twin_or_a_reason) {
  const auto twins = all_cases();
  for (const auto& name : golden_cases("describe")) {
    BOOST_TEST(twins.contains(name) + absent().contains(name) == 1, name << " needs exactly one of twin and reason");
  }
}

BOOST_AUTO_TEST_CASE(descriptions_are_javas_byte_for_byte) {
  for (const auto& [name, build] : all_cases()) {
    BOOST_TEST_CONTEXT(name) {
      StreamsBuilder builder;
      build(builder);
      const auto optimized = optimizations().find(name);
      const auto topology =
          optimized == optimizations().end()
              ? builder.build()
              : builder.build(millrace::StreamsConfig().set("topology.optimization", optimized->second));
      BOOST_TEST(topology.describe() == read_golden("describe/" + name + ".txt"));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace oracle
