// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>

#include "support/temp_dir.hpp"
#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

struct Trade {
  S symbol;
  double price = 0;
};
MILLRACE_JSON(Trade, symbol, price)

struct Celsius {
  double degrees = 0;
};
std::ostream& operator<<(std::ostream& out, const Celsius& value) { return out << value.degrees << " °C"; }

/// Captures std::cout during the lifetime of this object.
class CapturedOut {
 public:
  CapturedOut() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  ~CapturedOut() { std::cout.rdbuf(before_); }
  [[nodiscard]] S text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

S content(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Print)

BOOST_AUTO_TEST_CASE(labels_lines_with_the_node_before_or_the_given_label) {
  StreamsBuilder builder;
  const auto in = builder.stream<N, N>("in", Consumed::as("prices"));
  in.print(Printed::to_sys_out());
  in.filter([](const N&) { return true; }).print(Printed::to_sys_out().with_label("filtered"));
  Timeline timeline(builder.build());
  const CapturedOut out;
  (void)timeline.feed("in a=1 @1");
  (void)timeline.feed("in null=null @1");
  BOOST_TEST(out.text() == "[prices]: a, 1\n[filtered]: a, 1\n[prices]: null, null\n[filtered]: null, null\n");
}

BOOST_AUTO_TEST_CASE(shows_values_streamed_or_as_their_serde_writes_them) {
  StreamsBuilder builder;
  const auto in = builder.stream<Unkeyed, std::int32_t>("in");
  in.print(Printed::to_sys_out().with_label("int"));
  in.map_values([](std::int32_t value) {
      return Trade{"A", value + 0.5};
    }).print(Printed::to_sys_out().with_label("json"));
  in.map_values([](std::int32_t value) { return Celsius{value / 2.0}; }).print(Printed::to_sys_out().with_label("own"));
  TopologyTestDriver driver(builder.build());
  const CapturedOut out;
  driver.create_input_topic<Unkeyed, std::int32_t>("in").pipe_input({}, 7, 1);
  BOOST_TEST(out.text() == "[int]: null, 7\n[json]: null, {\"symbol\":\"A\",\"price\":7.5}\n[own]: null, 3.5 °C\n");
}

BOOST_AUTO_TEST_CASE(formats_records_with_a_given_function) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").print(Printed::to_sys_out().with_label("x"),
                                   [](const S& key, const S& value) { return key + " -> " + value; });
  Timeline timeline(builder.build());
  const CapturedOut out;
  (void)timeline.feed("in a=1 @1");
  BOOST_TEST(out.text() == "[x]: a -> 1\n");
}

BOOST_AUTO_TEST_CASE(truncates_the_file_and_writes_to_it) {
  const TempDir directory;
  const auto file = directory.path() / "records.txt";
  std::ofstream(file) << "old\n";
  StreamsBuilder builder;
  builder.stream<S, S>("in").print(Printed::to_file(file).with_label("x"));
  Timeline timeline(builder.build());
  check(timeline, {{"in a=1 @1", {}}, {"in b=2 @1", {}}});
  BOOST_TEST(content(file) == "[x]: a, 1\n[x]: b, 2\n");
}

BOOST_AUTO_TEST_CASE(to_a_file_that_cannot_be_written_is_a_topology_exception) {
  const TempDir directory;
  const S file = directory.path() / "missing" / "records.txt";
  check_contains(error_of([&] { (void)Printed::to_file(file); }), file);
}

BOOST_AUTO_TEST_SUITE_END()
