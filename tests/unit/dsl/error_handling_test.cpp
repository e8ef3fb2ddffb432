// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/error_handling.hpp"

// Which errors stop an application and which are skipped, by the configured handlers.

using namespace millrace;
using namespace millrace::test;

BOOST_AUTO_TEST_SUITE(ErrorHandling)

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_stops_the_application_by_default) {
  Run run({});
  const auto error = error_of<StreamsException>([&] { run.in.pipe_raw("a", "abc", 1); });
  check_contains(error, "deserialization failed: record in-0 offset 0 at node source (task 0_0)");
  check_contains(error, "expected 4 bytes, found 3");
}

BOOST_AUTO_TEST_CASE(treats_a_null_of_a_type_without_null_as_unreadable) {
  Run run({});
  check_contains(error_of<StreamsException>([&] { run.in.pipe_raw("a", std::nullopt, 1); }), "std::optional");
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_is_skipped_and_counted) {
  Run run({{kDeserialization, kContinue}});
  run.in.pipe_raw("a", "abc", 1);
  run.in.pipe_raw(std::nullopt, "\0\0\0\1", 1);
  run.in.pipe_input("a", 7, 2);
  BOOST_TEST(run.out.read_value() == 7);
  BOOST_TEST(run.out.is_empty());
  BOOST_TEST(drops(run.driver) == "deserialization-error 2");
}

BOOST_AUTO_TEST_CASE(accepts_java_s_class_names) {
  Run run({{kDeserialization, "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler"}});
  run.in.pipe_raw("a", "abc", 1);
  BOOST_TEST(drops(run.driver) == "deserialization-error 1");
}

BOOST_AUTO_TEST_CASE(a_function_that_throws_stops_the_application_by_default) {
  Run run({});
  check_contains(error_of<StreamsException>([&] { run.in.pipe_input("a", -1, 1); }),
                 "processing failed: record in-0 offset 0 at node check (task 0_0): negative: -1");
}

BOOST_AUTO_TEST_CASE(a_record_that_makes_a_function_throw_is_skipped_and_counted) {
  Run run({{kProcessing, kContinue}});
  run.in.pipe_input("a", -1, 1);
  run.in.pipe_input("a", 1, 2);
  BOOST_TEST(run.out.read_value() == 1);
  BOOST_TEST(drops(run.driver) == "processing-error 1");
}

BOOST_AUTO_TEST_CASE(passes_a_record_that_failed_in_one_branch_to_the_others) {
  StreamsBuilder builder;
  const auto in = builder.stream<S, S>("in");
  in.to("before");
  in.filter([](const S&) -> bool { throw std::runtime_error("always"); }).to("never");
  in.to("after");
  Timeline timeline(builder.build(), config({{kProcessing, kContinue}}));
  check(timeline, {{"in a=1 @1", {"after a=1 @1", "before a=1 @1"}}});
}

BOOST_AUTO_TEST_CASE(applies_the_processing_policy_to_punctuations) {
  class Failing final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      context.schedule(10ms, PunctuationType::stream_time, [](Timestamp) { throw std::runtime_error("no luck"); });
    }
    void process(Record<S, S>) override {}
  };
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Failing>(); }, Named::as("failing"));
  const auto topology = builder.build();
  TopologyTestDriver stopping(topology, config({}));
  check_contains(error_of<StreamsException>([&] { stopping.create_input_topic<S, S>("in").pipe_input("a", "1", 1); }),
                 "processing failed: at node failing (task 0_0): no luck");
  TopologyTestDriver going_on(topology, config({{kProcessing, kContinue}}));
  going_on.create_input_topic<S, S>("in").pipe_input("a", "1", 1);
  BOOST_TEST(drops(going_on) == "processing-error 1");
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_written_stops_the_application_by_default) {
  Run run({});
  check_contains(error_of<StreamsException>([&] { run.in.pipe_input("a", 13, 1); }),
                 "serialization failed: record in-0 offset 0 at node sink (task 0_0) for topic out: 13 is unlucky");
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_written_is_skipped_and_counted) {
  Run run({{kProduction, kContinue}});
  run.in.pipe_input("a", 13, 1);
  run.in.pipe_input("a", 14, 1);
  BOOST_TEST(run.out.read_value() == 14);
  BOOST_TEST(drops(run.driver) == "serialization-error 1");
}

BOOST_AUTO_TEST_CASE(does_not_serialize_a_record_that_the_partitioner_drops) {
  const auto drop = [](const S&, const S&, std::int32_t, std::int32_t) { return std::set<std::int32_t>(); };
  StreamsBuilder builder;
  builder.stream<S, std::int32_t>("in").to("out",
                                           Produced().with_value_serde(UnluckySerde()).with_stream_partitioner(drop));
  TopologyTestDriver driver(builder.build());
  BOOST_CHECK_NO_THROW((driver.create_input_topic<S, std::int32_t>("in").pipe_input("a", 13)));
  BOOST_TEST((driver.create_output_topic<S, std::int32_t>("out").is_empty()));
}

BOOST_AUTO_TEST_CASE(a_sink_right_after_a_source_has_no_processing_handler) {
  StreamsBuilder builder;
  builder.stream<S, std::int32_t>("in").to("out", Produced().with_value_serde(UnluckySerde()));
  TopologyTestDriver driver(builder.build(), config({{kProcessing, kContinue}}));
  auto in = driver.create_input_topic<S, std::int32_t>("in");
  check_contains(error_of<StreamsException>([&] { in.pipe_input("a", 13); }), "13 is unlucky");
}

BOOST_AUTO_TEST_CASE(applies_each_policy_to_its_own_errors_only) {
  Run run({{kDeserialization, kContinue}, {kProduction, kContinue}});
  BOOST_CHECK_THROW(run.in.pipe_input("a", -1, 1), StreamsException);
  Run other({{kDeserialization, kContinue}});
  BOOST_CHECK_THROW(other.in.pipe_input("a", 13, 1), StreamsException);
}

BOOST_AUTO_TEST_SUITE_END()
