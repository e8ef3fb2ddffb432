// SPDX-License-Identifier: Apache-2.0
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
  all.merge(trace_table_cases());
  all.merge(trace_table_join_cases());
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TraceOracle)

BOOST_AUTO_TEST_CASE(every_case_is_there_in_both_languages) {
  const auto twins = all_cases();
  const auto java = golden("trace");
  for (const auto& [name, text] : java) BOOST_TEST(twins.contains(name), "in Java alone: " << name);
  for (const auto& [name, build] : twins) BOOST_TEST(java.contains(name), "in C++ alone: " << name);
}

BOOST_AUTO_TEST_CASE(finds_outputs_equal_to_java_s_byte_for_byte) {
  const auto texts = golden("trace");
  for (const auto& [name, build] : all_cases()) {
    BOOST_TEST_CONTEXT("case " << name) {
      const auto& text = texts.at(name);
      StreamsBuilder builder;
      build(builder);
      const auto topology =
          name == "table-reused-topic"
              ? builder.build(millrace::StreamsConfig().set("topology.optimization", "reuse.ktable.source.topics"))
              : builder.build();
      const auto java = in_promised_order(text);
      BOOST_CHECK_NO_THROW(
          BOOST_TEST(difference(java, in_promised_order(run_trace(topology, text, name.ends_with("-cached")))) == ""));
    }
  }
}

/// The message names the line; what the tests above compare with it is worth no more than it.
BOOST_AUTO_TEST_CASE(shows_a_difference_with_the_lines_before_it) {
  BOOST_TEST(difference("a\nb\n", "a\nb\n") == "");
  BOOST_TEST(difference("a\nb\n", "a\nc\n") == "line 2, Kafka Streams (-) and Millrace (+):\n  a\n- b\n+ c\n");
  BOOST_TEST(difference("a\n", "") == "line 1, Kafka Streams (-) and Millrace (+):\n- a\n+ (the end)\n");
  BOOST_TEST(difference("a\n", "a") == "one of the texts ends without a line feed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace oracle
