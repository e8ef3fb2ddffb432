// SPDX-License-Identifier: Apache-2.0
// The bounds of windows as fields of the values.
#define BOOST_TEST_DYN_LINK
#include "millrace/functions/window_columns.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"
#include "millrace/serde/windowed.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using S = std::string;

struct Bounds {
  Timestamp from = 0;
  std::optional<Timestamp> to;
};
struct Count : Bounds {
  Count() = default;
  explicit Count(std::int64_t number) : count(number) {}
  std::int64_t count = 0;
};
MILLRACE_JSON(Bounds, from, to)
MILLRACE_JSON(Count, inherits(Bounds), count)

/// Counts in windows of 10 ms. `write` writes the table.
template <class F>
TopologyTestDriver counting(F write) {
  StreamsBuilder builder;
  auto counts = builder.stream<S, S>("in")
                    .group_by_key()
                    .windowed_by(TimeWindows::of_size_with_no_grace(10ms))
                    .count()
                    .map_values([](std::int64_t count) { return Count(count); });
  write(counts);
  return TopologyTestDriver(builder.build(), StreamsConfig().set("statestore.cache.max.bytes", "0"));
}

/// The JSON texts that "out" gets for one record at 25 ms.
std::vector<std::optional<S>> written(TopologyTestDriver driver) {
  driver.create_input_topic<S, S>("in").pipe_input("a", "x", 25);
  return driver.create_output_topic<std::optional<S>, std::optional<S>>("out").read_values_to_list();
}

const std::vector<std::optional<S>> kExpected{R"({"from":20,"to":30,"count":1})"};

}  // namespace

BOOST_AUTO_TEST_SUITE(WindowColumnsSuite)

BOOST_AUTO_TEST_CASE(are_written_into_the_rows_of_a_table) {
  const auto values =
      written(counting([](auto counts) { counts.map_values(window_columns(&Count::from, &Count::to)).to("out"); }));
  BOOST_TEST((values == kExpected));
}

BOOST_AUTO_TEST_CASE(are_written_into_the_values_of_a_stream) {
  const auto values = written(
      counting([](auto counts) { counts.to_stream().map_values(window_columns(&Count::from, &Count::to)).to("out"); }));
  BOOST_TEST((values == kExpected));
}

BOOST_AUTO_TEST_CASE(leave_null_values_alone) {
  const auto values = written(counting([](auto counts) {
    counts.to_stream()
        .map_values([](const std::optional<Count>&) { return std::optional<Count>(); })
        .map_values(window_columns(&Count::from, &Count::to))
        .to("out");
  }));
  BOOST_TEST((values == std::vector<std::optional<S>>{std::nullopt}));
}

BOOST_AUTO_TEST_SUITE_END()
