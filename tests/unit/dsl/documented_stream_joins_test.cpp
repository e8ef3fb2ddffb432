// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

// The table in Kafka Streams' developer guide, "KStream-KStream Join". It shows what each kind of join emits for one
// timeline of left (L) and right (R) records of one key. The window is 15 seconds and the grace period 5 seconds. An
// empty cell means that nothing is emitted.

using namespace millrace;
using namespace millrace::test;

namespace {

struct Row {
  Timestamp at;  ///< ms; see kRows
  S input;       ///< side and value
  S inner;       ///< results in their order: `left,right`, with the row's timestamp unless another is given after @
  S left;
  S outer;
};

/// Times are the guide's, in seconds. The last three rows are a little later here: a window closes when stream time is
/// after its end plus grace, and the guide's times are exactly at that point.
const std::vector<Row> kRows{
    // at      input     inner              left               outer
    {1'000, "L null", "", "", ""},
    {2'000, "R null", "", "", ""},
    {3'000, "L A", "", "", ""},
    {4'000, "R a", "A,a", "A,a", "A,a"},
    {5'000, "L B", "B,a", "B,a", "B,a"},
    {6'000, "R b", "A,b B,b", "A,b B,b", "A,b B,b"},
    {7'000, "L null", "", "", ""},
    {8'000, "R null", "", "", ""},
    {9'000, "L C", "C,a C,b", "C,a C,b", "C,a C,b"},
    {10'000, "R c", "A,c B,c C,c", "A,c B,c C,c", "A,c B,c C,c"},
    {11'000, "R null", "", "", ""},
    {12'000, "L null", "", "", ""},
    {13'000, "R null", "", "", ""},
    {14'000, "R d", "A,d B,d C,d", "A,d B,d C,d", "A,d B,d C,d"},
    {15'000, "L D", "D,a D,b D,c D,d", "D,a D,b D,c D,d", "D,a D,b D,c D,d"},
    {40'000, "L E", "", "", ""},
    {60'001, "L F", "", "E,null@40000", "E,null@40000"},
    {80'002, "R f", "", "F,null@60001", "F,null@60001"},
    {100'003, "L G", "", "", "null,f@80002"},
};

/// The records of a cell as Timeline writes them.
std::vector<S> records(const S& cell, Timestamp at) {
  std::vector<S> lines;
  std::istringstream words(cell);
  for (S word; words >> word;) {
    const auto time = word.find('@');
    lines.push_back("out k=" + word.substr(0, time) + " @" +
                    (time == S::npos ? std::to_string(at) : word.substr(time + 1)));
  }
  return lines;
}

/// Feeds the timeline and compares with one column of results.
void check_column(const Topology& topology, S Row::*column) {
  Timeline timeline(topology);
  for (const Row& row : kRows) {
    const S in = row.input.substr(0, 1) + " k=" + row.input.substr(2) + " @" + std::to_string(row.at);
    BOOST_TEST_CONTEXT(in) {
      BOOST_TEST(timeline.feed(in) == records(row.*column, row.at), boost::test_tools::per_element());
    }
  }
}

/// Builds a topology with `join(left, right, windows)` of the topics L and R.
template <class F>
Topology topology_of(F join) {
  StreamsBuilder builder;
  const auto left = builder.stream<N, N>("L");
  join(left, builder.stream<N, N>("R"), JoinWindows::of_time_difference_and_grace(15s, 5s)).to("out");
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(DocumentedStreamJoins)

BOOST_AUTO_TEST_CASE(inner) {
  check_column(topology_of([](const auto& left, const auto& right, const JoinWindows& windows) {
                 return left.join(
                     right, [](const S& l, const S& r) { return l + "," + r; }, windows);
               }),
               &Row::inner);
}

BOOST_AUTO_TEST_CASE(left) {
  check_column(topology_of([](const auto& left, const auto& right, const JoinWindows& windows) {
                 return left.left_join(
                     right, [](const S& l, const S* r) { return l + "," + text(r); }, windows);
               }),
               &Row::left);
}

BOOST_AUTO_TEST_CASE(outer) {
  check_column(topology_of([](const auto& left, const auto& right, const JoinWindows& windows) {
                 return left.outer_join(
                     right, [](const S* l, const S* r) { return text(l) + "," + text(r); }, windows);
               }),
               &Row::outer);
}

BOOST_AUTO_TEST_SUITE_END()
