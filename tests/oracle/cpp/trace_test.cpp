#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/config/streams_config.hpp"
#include "oracle/cpp/golden.hpp"
#include "oracle/cpp/trace.hpp"

namespace oracle {
namespace {

Cases all_cases() {
  Cases all = trace_cases();
  all.merge(trace_processor_cases());
  all.merge(trace_join_cases());
  all.merge(trace_store_cases());
  all.merge(trace_window_cases());
  all.merge(trace_cogroup_cases());
  all.merge(trace_table_cases());
  all.merge(trace_table_join_cases());
  return all;
}

/// What the DSL cannot say, and why; the list is checked to be exact.
const std::map<std::string, std::string>& absent() {
  static const std::map<std::string, std::string> kAbsent{};
  return kAbsent;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TraceOracle)

BOOST_AUTO_TEST_CASE(every_java_case_has_a_twin_or_a_reason) {
  const auto twins = all_cases();
  for (const auto& name : golden_cases("trace")) {
    BOOST_TEST(twins.contains(name) + absent().contains(name) == 1, name << " needs exactly one of twin and reason");
  }
}

BOOST_AUTO_TEST_CASE(every_input_has_javas_output_byte_for_byte) {
  for (const auto& [name, build] : all_cases()) {
    BOOST_TEST_CONTEXT(name) {
      const auto golden = read_golden("trace/" + name + ".txt");
      StreamsBuilder builder;
      build(builder);
      const auto topology =
          name == "table-reused-topic"
              ? builder.build(millrace::StreamsConfig().set("topology.optimization", "reuse.ktable.source.topics"))
              : builder.build();
      BOOST_CHECK_NO_THROW(BOOST_TEST(in_promised_order(run_trace(topology, golden, name.ends_with("-cached"))) ==
                                      in_promised_order(golden)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace oracle
