// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

// The tables in Kafka Streams' developer guide, "Joining". They show what each kind of join emits for one timeline of
// left (L) and right (R) records of one key. The number of a row is the timestamp of its record. An empty cell means
// that nothing is emitted.

using namespace millrace;
using namespace millrace::test;

namespace {

auto inner() {
  return [](const S& left, const S& right) { return left + "," + right; };
}
auto left() {
  return [](const S& left, const S* right) { return left + "," + text(right); };
}
auto outer() {
  return [](const S* left, const S* right) { return text(left) + "," + text(right); };
}

struct Row {
  S input;  ///< side and value
  S inner;
  S left;
  S outer;
};

/// Feeds one column of inputs and compares the output with one column of results. `time_of(row)` is the timestamp of
/// the result.
void check_column(const Topology& topology, const std::vector<Row>& rows, S Row::*column) {
  Timeline timeline(topology);
  Timestamp now = 0;
  for (const Row& row : rows) {
    const S at = " @" + std::to_string(++now);
    std::vector<S> expected;
    if (!(row.*column).empty()) expected.push_back("out k=" + row.*column + at);
    BOOST_TEST_CONTEXT("row " << now << ", " << row.input) {
      BOOST_TEST(timeline.feed(row.input.substr(0, 1) + " k=" + row.input.substr(2) + at) == expected,
                 boost::test_tools::per_element());
    }
  }
}

template <class F>
Topology topology_of(F program) {
  StreamsBuilder builder;
  program(builder);
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(DocumentedTableJoins)

BOOST_AUTO_TEST_CASE(table_table) {
  const std::vector<Row> rows{
      // input     inner    left      outer
      {"L null", "", "", ""},
      {"R null", "", "", ""},
      {"L A", "", "A,null", "A,null"},
      {"R a", "A,a", "A,a", "A,a"},
      {"L B", "B,a", "B,a", "B,a"},
      {"R b", "B,b", "B,b", "B,b"},
      {"L null", "null", "null", "null,b"},
      {"R null", "", "", "null"},
      {"L C", "", "C,null", "C,null"},
      {"R c", "C,c", "C,c", "C,c"},
      {"R null", "null", "C,null", "C,null"},
      {"L null", "", "null", "null"},
      {"R null", "", "", ""},
      {"R d", "", "", "null,d"},
      {"L D", "D,d", "D,d", "D,d"},
  };
  check_column(topology_of([](StreamsBuilder& b) {
                 const auto l = b.table<S, S>("L");
                 l.join(b.table<S, S>("R"), inner()).to_stream().to("out");
               }),
               rows, &Row::inner);
  check_column(topology_of([](StreamsBuilder& b) {
                 const auto l = b.table<S, S>("L");
                 l.left_join(b.table<S, S>("R"), left()).to_stream().to("out");
               }),
               rows, &Row::left);
  check_column(topology_of([](StreamsBuilder& b) {
                 const auto l = b.table<S, S>("L");
                 l.outer_join(b.table<S, S>("R"), outer()).to_stream().to("out");
               }),
               rows, &Row::outer);
}

BOOST_AUTO_TEST_CASE(stream_table) {
  const std::vector<Row> rows{
      // L: stream, R: table
      // input     inner    left
      {"L null", "", "", ""},    {"R null", "", "", ""}, {"L A", "", "A,null", ""}, {"R a", "", "", ""},
      {"L B", "B,a", "B,a", ""}, {"R b", "", "", ""},    {"L null", "", "", ""},    {"R null", "", "", ""},
      {"L C", "", "C,null", ""}, {"R c", "", "", ""},    {"R null", "", "", ""},    {"L null", "", "", ""},
      {"R null", "", "", ""},    {"R d", "", "", ""},    {"L D", "D,d", "D,d", ""},
  };
  check_column(topology_of([](StreamsBuilder& b) {
                 const auto l = b.stream<N, N>("L");
                 l.join(b.table<S, S>("R"), inner()).to("out");
               }),
               rows, &Row::inner);
  check_column(topology_of([](StreamsBuilder& b) {
                 const auto l = b.stream<N, N>("L");
                 l.left_join(b.table<S, S>("R"), left()).to("out");
               }),
               rows, &Row::left);
}

/// A versioned table returns the value as of the stream record's timestamp, however late the record or the update of
/// the table is.
BOOST_AUTO_TEST_CASE(stream_versioned_table) {
  StreamsBuilder builder;
  const auto l = builder.stream<N, N>("L");
  const auto r = builder.table<S, S>("R", Materialized::as_versioned("history", 1s));
  l.join(r, inner()).to("inner");
  l.left_join(r, left()).to("left");
  check(builder.build(), {{"R k=a @10", {}},
                          {"L k=A @10", {"inner k=A,a @10", "left k=A,a @10"}},
                          {"R k=b @20", {}},
                          {"L k=B @15", {"inner k=B,a @15", "left k=B,a @15"}},
                          {"R k=c @12", {}},
                          {"L k=C @15", {"inner k=C,c @15", "left k=C,c @15"}},
                          {"L k=D @20", {"inner k=D,b @20", "left k=D,b @20"}},
                          {"R k=null @30", {}},
                          {"L k=E @29", {"inner k=E,b @29", "left k=E,b @29"}},
                          {"L k=F @30", {"left k=F,null @30"}},
                          {"L k=G @9", {"left k=G,null @9"}}});
}

/// With a grace period, a stream record waits until stream time is later than its timestamp by the grace period, so
/// that the table has caught up. A record that arrives after that time joins at once.
BOOST_AUTO_TEST_CASE(stream_versioned_table_with_grace) {
  StreamsBuilder builder;
  const auto l = builder.stream<N, N>("L");
  const auto r = builder.table<S, S>("R", Materialized::as_versioned("history", 1s));
  l.join(r, inner(), Joined().with_grace_period(10ms)).to("inner");
  l.left_join(r, left(), Joined().with_grace_period(10ms)).to("left");
  check(builder.build(), {{"L k=A @10", {}},
                          {"R k=a @10", {}},
                          {"L k=B @12", {}},
                          {"R k=b @11", {}},
                          {"L k=C @21", {"inner k=A,a @10", "left k=A,a @10"}},
                          {"R k=null @15", {}},
                          {"L k=D @22", {"inner k=B,b @12", "left k=B,b @12"}},
                          {"L k=E @11", {"inner k=E,b @11", "left k=E,b @11"}},
                          {"R k=c @22", {}},
                          {"L k=F @32", {"inner k=D,c @22", "left k=C,null @21", "left k=D,c @22"}}});
}

/// A global table is filled separately from the stream. It joins like a table.
BOOST_AUTO_TEST_CASE(stream_global_table) {
  const std::vector<Row> rows{
      {"L A", "", "A,null", ""}, {"R a", "", "", ""},       {"L B", "B,a", "B,a", ""}, {"L null", "", "", ""},
      {"R null", "", "", ""},    {"L C", "", "C,null", ""}, {"R d", "", "", ""},       {"L D", "D,d", "D,d", ""},
  };
  const auto own_key = [](const N& key, const N&) { return key; };
  check_column(topology_of([&](StreamsBuilder& b) {
                 const auto l = b.stream<N, N>("L");
                 l.join(b.global_table<S, S>("R"), own_key, inner()).to("out");
               }),
               rows, &Row::inner);
  check_column(topology_of([&](StreamsBuilder& b) {
                 const auto l = b.stream<N, N>("L");
                 l.left_join(b.global_table<S, S>("R"), own_key, left()).to("out");
               }),
               rows, &Row::left);
}

/// The joiner may take the key of the stream and the key that the selector returned.
BOOST_AUTO_TEST_CASE(stream_global_table_with_both_keys) {
  StreamsBuilder builder;
  const auto table = builder.global_table<S, S>("R");
  const auto stream = builder.stream<N, S>("L");
  stream
      .join(
          table, [](const N&, const S& value) { return value.substr(0, 1); },
          [](const N& key, const S& mapped, const S& l, const S& r) { return text(key) + ">" + mapped + ":" + l + r; })
      .to("inner");
  stream
      .left_join(
          table, [](const N&, const S& value) { return value == "none" ? N() : N(value.substr(0, 1)); },
          [](const N& key, const N& mapped, const S& l, const S* r) {
            return text(key) + ">" + text(mapped) + ":" + l + text(r);
          })
      .to("left");
  check(builder.build(), {{"R A=r @1", {}},
                          {"L k=Al @2", {"inner k=k>A:Alr @2", "left k=k>A:Alr @2"}},
                          {"L null=Al @3", {"inner null=null>A:Alr @3", "left null=null>A:Alr @3"}},
                          {"L k=Bl @4", {"left k=k>B:Blnull @4"}},
                          {"L k=none @5", {"left k=k>null:nonenull @5"}}});
}

/// The guide's description of foreign-key joins, as a timeline. Each left row names its right row.
BOOST_AUTO_TEST_CASE(table_table_by_foreign_key) {
  // The key of the rows is k on the left and f on the right.
  StreamsBuilder builder;
  const auto l = builder.table<S, S>("L");
  const auto r = builder.table<S, S>("R");
  const auto foreign_key = [](const S& value) { return value.starts_with("f") ? N(value.substr(0, 1)) : N(); };
  l.join(r, foreign_key, inner()).to_stream().to("inner");
  l.left_join(r, foreign_key, left()).to_stream().to("left");
  Timeline timeline(builder.build());
  const std::vector<std::pair<S, std::vector<S>>> rows{
      {"L k=f1 @1", {"left k=f1,null @1"}},
      {"R f=a @2", {"inner k=f1,a @2", "left k=f1,a @2"}},
      {"L k=f2 @3", {"inner k=f2,a @3", "left k=f2,a @3"}},
      {"R f=b @4", {"inner k=f2,b @4", "left k=f2,b @4"}},
      {"L k=none @5", {"inner k=null @5", "left k=none,null @5"}},
      {"R f=c @6", {}},
      {"L k=f3 @7", {"inner k=f3,c @7", "left k=f3,c @7"}},
      {"R f=null @8", {"inner k=null @8", "left k=f3,null @8"}},
      {"L k=null @9", {"inner k=null @9", "left k=null @9"}},
      {"R f=d @10", {}},
  };
  for (const auto& [input, expected] : rows) {
    BOOST_TEST_CONTEXT(input) { BOOST_TEST(timeline.feed(input) == expected, boost::test_tools::per_element()); }
  }
}

BOOST_AUTO_TEST_SUITE_END()
