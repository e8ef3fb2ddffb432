// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <charconv>
#include <memory>
#include <optional>
#include <string>

#include "unit/dsl/timeline.hpp"

// Serdes that only read or only write.

using namespace millrace;
using namespace millrace::test;

namespace one_way {

/// A type without a serde of its own.
struct Degrees {
  Degrees() = default;
  explicit Degrees(int number) : value(number) {}  // no plain struct, which has a serde
  int value = 0;
  bool operator==(const Degrees&) const = default;
};

struct ReadDegrees {
  Degrees deserialize(std::string_view bytes) const {
    Degrees degrees;
    const auto [end, status] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), degrees.value);
    if (status != std::errc() || end != bytes.data() + bytes.size()) throw SerializationException("Degrees: no number");
    return degrees;
  }
};

struct WriteDegrees {
  void serialize(const Degrees& degrees, std::string& out) const { out += std::to_string(degrees.value); }
};

struct DegreesSerde : ReadDegrees, WriteDegrees {};

/// Reads texts with a mark, which shows who has read.
struct ReadMarked {
  std::string deserialize(std::string_view topic, const Headers* /*headers*/, std::string_view bytes) const {
    return std::string(topic) + ":" + std::string(bytes);
  }
};

/// Counts calls of configure() and close(). The counters are shared by all copies.
struct Life {
  std::shared_ptr<int> configured = std::make_shared<int>(0);
  std::shared_ptr<int> closed = std::make_shared<int>(0);
  void configure(const SerdeConfigs& /*configs*/, bool /*is_key*/) { ++*configured; }
  void close() { ++*closed; }
};
struct ReadWithLife : ReadDegrees, Life {};
struct WriteWithLife : WriteDegrees, Life {};

}  // namespace one_way

using namespace one_way;

BOOST_AUTO_TEST_SUITE(OneWay)

BOOST_AUTO_TEST_CASE(a_source_needs_only_a_deserializer) {
  StreamsBuilder builder;
  builder.stream<S, Degrees>("in", Consumed().with_value_serde(ReadDegrees()))
      .map_values([](const Degrees& degrees) { return std::to_string(degrees.value + 1); })
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, S>("in");
  auto out = driver.create_output_topic<S, S>("out");
  in.pipe_input("a", "41");
  BOOST_TEST(out.read_value() == "42");
  check_contains(error_of<StreamsException>([&] { in.pipe_input("a", "x"); }), "Degrees: no number");
}

BOOST_AUTO_TEST_CASE(null_needs_no_function_of_a_deserializer) {
  StreamsBuilder builder;
  builder.stream<S, std::optional<Degrees>>("in", Consumed().with_value_serde(ReadDegrees()))
      .map_values([](const std::optional<Degrees>& degrees) { return S(degrees ? "degrees" : "null"); })
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, std::optional<S>>("in");
  auto out = driver.create_output_topic<S, S>("out");
  in.pipe_input("a", "41");
  in.pipe_input("a", std::nullopt);
  BOOST_TEST(out.read_value() == "degrees");
  BOOST_TEST(out.read_value() == "null");
}

BOOST_AUTO_TEST_CASE(a_table_reads_with_a_deserializer_and_keeps_its_rows_with_a_serde) {
  StreamsBuilder builder;
  builder
      .table<S, Degrees>("in", Consumed().with_value_serde(ReadDegrees()),
                         Materialized::as("rows").with_value_serde(DegreesSerde()))
      .map_values([](const Degrees& degrees) { return std::to_string(degrees.value); })
      .to_stream()
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, std::optional<S>>("in");
  auto out = driver.create_output_topic<S, std::optional<S>>("out");
  in.pipe_input("a", "41");
  in.pipe_input("a", std::nullopt);
  BOOST_TEST(out.read_value().value() == "41");
  BOOST_TEST(!out.read_value().has_value());
}

BOOST_AUTO_TEST_CASE(a_sink_needs_only_a_serializer) {
  StreamsBuilder builder;
  auto degrees = builder.stream<S, S>("in").map_values([](const S& text) { return Degrees{std::stoi(text)}; });
  degrees.to("out", Produced().with_value_serde(WriteDegrees()));
  degrees.to([](const S&, const Degrees&, const RecordContext&) { return S("chosen"); },
             Produced().with_value_serde(WriteDegrees()));
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, S>("in");
  auto out = driver.create_output_topic<S, Degrees>("out", Serde<S>(), ReadDegrees());
  auto chosen = driver.create_output_topic<S, S>("chosen");
  in.pipe_input("a", "041");
  BOOST_CHECK(out.read_value() == Degrees{41});
  BOOST_TEST(chosen.read_value() == "41");
}

// The stream forgets a serde that only reads, because operators behind the source write too.
BOOST_AUTO_TEST_CASE(a_deserializer_does_not_follow_the_stream) {
  StreamsBuilder builder;
  auto stream = builder.stream<S, S>("in", Consumed().with_value_serde(ReadMarked()));
  stream.to("out");
  stream.select_key([](const S& value) { return value; }).repartition(Repartitioned::as("again")).to("behind");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("a", "x");
  BOOST_TEST((driver.create_output_topic<S, S>("out").read_value() == "in:x"));
  BOOST_TEST((driver.create_output_topic<S, S>("behind").read_value() == "in:x"));
}

BOOST_AUTO_TEST_CASE(a_serde_that_does_both_still_follows_the_stream) {
  StreamsBuilder builder;
  builder.stream<S, Degrees>("in", Consumed().with_value_serde(DegreesSerde()))
      .to("out", Produced().with_value_serde(DegreesSerde()));
  builder.table<S, Degrees>("rows", Consumed().with_value_serde(DegreesSerde()),
                            Materialized().with_value_serde(DegreesSerde()));
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, Degrees>("in", Serde<S>(), WriteDegrees());
  auto out = driver.create_output_topic<S, S>("out");
  in.pipe_input("a", Degrees{41});
  BOOST_TEST(out.read_value() == "41");
}

BOOST_AUTO_TEST_CASE(a_topology_by_hand_takes_them_too) {
  Topology topology;
  topology.add_source<S, Degrees>("source", {"in"}, {.value_serde = ReadDegrees()})
      .add_sink<S, Degrees>("sink", "out", {"source"}, {.value_serde = WriteDegrees()});
  TopologyTestDriver driver(topology);
  auto in = driver.create_input_topic<S, S>("in");
  auto out = driver.create_output_topic<S, S>("out");
  in.pipe_input("a", "0041");
  BOOST_TEST(out.read_value() == "41");
}

BOOST_AUTO_TEST_CASE(they_are_configured_and_closed) {
  ReadWithLife reads;
  WriteWithLife writes;
  StreamsBuilder builder;
  builder.stream<S, Degrees>("in", Consumed().with_value_serde(reads)).to("out", Produced().with_value_serde(writes));
  {
    TopologyTestDriver driver(builder.build());
    BOOST_TEST(*reads.configured == 1);
    BOOST_TEST(*writes.configured == 1);
    BOOST_TEST(*reads.closed == 0);
    BOOST_TEST(*writes.closed == 0);
  }
  BOOST_TEST(*reads.closed == 1);
  BOOST_TEST(*writes.closed == 1);
}

BOOST_AUTO_TEST_CASE(where_a_serde_is_missing_the_error_names_the_place_and_the_type) {
  StreamsBuilder builder;
  auto left =
      builder.stream<S, Degrees>("in", Consumed().with_value_serde(ReadDegrees())).select_key([](const Degrees&) {
        return S("k");
      });
  auto table = builder.table<S, S>("table");
  const auto join = [](const Degrees&, const S& right) { return right; };
  BOOST_TEST(
      error_of([&] { left.join(table, join, Joined::as("look-up")); }) ==
      "'look-up' must repartition its stream, whose key was changed, but there is no serde that reads and writes "
      "its values of type one_way::Degrees: give the join a Joined with serdes");
  // With a serde the same join is built.
  left.join(table, join, Joined::as("again").with_left_value_serde(DegreesSerde())).to("out");
  (void)builder.build();
}

BOOST_AUTO_TEST_SUITE_END()
