// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/error_handling.hpp"

// Functions and serdes that throw an object that is not a std::exception. The handlers are asked about it as about any
// other exception.

using namespace millrace;
using namespace millrace::test;

namespace {

/// Text. Throws a number when it reads or writes "odd".
struct OddSerde : Serde<S> {
  void serialize(const S& value, std::string& out) const {
    if (value == "odd") throw 13;
    Serde<S>::serialize(value, out);
  }
  S deserialize(std::string_view bytes) const {
    if (bytes == "odd") throw 14;
    return Serde<S>::deserialize(bytes);
  }
};

/// Copies `in` to `out` through `change`, and counts what the handlers are asked.
struct Copies {
  template <class F, class C = Consumed, class P = Produced>
  explicit Copies(F change, C consumed = Consumed::as("source"), P produced = Produced::as("sink"))
      : driver(topology(std::move(change), std::move(consumed), std::move(produced)), config({}), 0,
               {note("read"), note("run"), note("write")}) {}

  template <class F, class C, class P>
  static Topology topology(F change, C consumed, P produced) {
    StreamsBuilder builder;
    builder.stream<S, S>("in", std::move(consumed))
        .map_values(std::move(change), Named::as("change"))
        .to("out", std::move(produced));
    return builder.build();
  }
  ExceptionHandler note(const S& kind) {
    return [this, kind](const ErrorContext& context) {
      asked.push_back(kind + " " + context.topic + "-" + std::to_string(context.partition) + "@" +
                      std::to_string(context.offset) + " " + context.node + ": " + context.error);
      return HandlerResponse::resume();
    };
  }

  std::vector<S> asked;
  TopologyTestDriver driver;
  TestInputTopic<S, S> in = driver.create_input_topic<S, S>("in");
  TestOutputTopic<S, S> out = driver.create_output_topic<S, S>("out");
};

S unchanged(const S& value) { return value; }

const S kNumber13 = "threw the number 13, which is not a std::exception";

}  // namespace

BOOST_AUTO_TEST_SUITE(ThrownObjects)

BOOST_AUTO_TEST_CASE(of_a_function_are_shown_to_the_processing_handler) {
  Copies copies([](const S& value) {
    if (value == "number") throw 13;
    if (value == "text") throw "no exception";
    return value;
  });
  for (const char* value : {"number", "text", "good"}) copies.in.pipe_input("k", value);
  BOOST_TEST(copies.out.read_values_to_list() == std::vector<S>{"good"}, boost::test_tools::per_element());
  BOOST_TEST(copies.asked == (std::vector<S>{"run in-0@0 change: " + kNumber13,
                                             "run in-0@1 change: threw the string 'no exception', which is not a "
                                             "std::exception"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_deserializer_are_shown_to_the_deserialization_handler) {
  Copies copies(unchanged, Consumed::as("source").with_value_serde(OddSerde()));
  for (const char* value : {"odd", "good"}) copies.in.pipe_input("k", value);
  BOOST_TEST(copies.out.read_values_to_list() == std::vector<S>{"good"}, boost::test_tools::per_element());
  BOOST_TEST(copies.asked == std::vector<S>{"read in-0@0 source: threw the number 14, which is not a std::exception"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_serializer_are_shown_to_the_production_handler) {
  Copies copies(unchanged, Consumed::as("source"), Produced::as("sink").with_value_serde(OddSerde()));
  for (const char* value : {"odd", "good"}) copies.in.pipe_input("k", value);
  BOOST_TEST(copies.out.read_values_to_list() == std::vector<S>{"good"}, boost::test_tools::per_element());
  BOOST_TEST(copies.asked == std::vector<S>{"write in-0@0 sink: " + kNumber13}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_partitioner_are_shown_to_the_processing_handler) {
  Copies copies(unchanged, Consumed::as("source"),
                Produced::as("sink").with_stream_partitioner(
                    [](const S&, const S&, const S& value, std::int32_t) -> std::optional<std::set<std::int32_t>> {
                      if (value == "odd") throw 13;
                      return std::nullopt;
                    }));
  for (const char* value : {"odd", "good"}) copies.in.pipe_input("k", value);
  BOOST_TEST(copies.out.read_values_to_list() == std::vector<S>{"good"}, boost::test_tools::per_element());
  BOOST_TEST(copies.asked == std::vector<S>{"run in-0@0 change: " + kNumber13}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_timestamp_extractor_fail_with_the_place_of_the_record) {
  Copies copies(unchanged, Consumed::as("source").with_timestamp_extractor(
                               [](const Record<S, S>&, Timestamp) -> Timestamp { throw 13; }));
  BOOST_CHECK_EXCEPTION(copies.in.pipe_input("k", "v"), StreamsException, [](const StreamsException& error) {
    return S(error.what()) ==
           "the timestamp extractor of source 'source' failed on record in-0, offset 0: " + kNumber13;
  });
}

BOOST_AUTO_TEST_CASE(of_a_handler_fail_with_the_place_of_the_record) {
  Run run({}, {{}, [](const ErrorContext&) -> HandlerResponse { throw 13; }, {}});
  BOOST_CHECK_EXCEPTION(run.in.pipe_input("k", -1), StreamsException, [](const StreamsException& error) {
    const S text = error.what();
    return text.find("an exception handler failed (" + kNumber13 + ")") != S::npos &&
           text.find("record in-0 offset 0 at node check") != S::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
