// SPDX-License-Identifier: Apache-2.0
// A function of T on a stream of std::optional<T>: a null, such as the deletion of a row, stays a null.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <memory>
#include <sstream>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// Builds a topology that reads `in` as nullable strings.
template <class F>
Topology from_in(F build) {
  StreamsBuilder builder;
  build(builder.stream<N, N>("in"));
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(NullValues)

BOOST_AUTO_TEST_CASE(stay_null_in_map_values) {
  const auto topology = from_in([](const auto& in) {
    in.map_values([](const S& value) { return value + "!"; }).to("out-1");
    in.map_values([](const N& key, S value) { return text(key) + value; }).to("out-2");
    in.map_values([](S&& value) { return value == "x" ? std::nullopt : N(std::move(value)); }).to("out-3");
  });
  check(topology, {{"in a=1 @10 h=1", {"out-1 a=1! @10 h=1", "out-2 a=a1 @10 h=1", "out-3 a=1 @10 h=1"}},
                   {"in a=null @11", {"out-1 a=null @11", "out-2 a=null @11", "out-3 a=null @11"}},
                   {"in a=x @12", {"out-1 a=x! @12", "out-2 a=ax @12", "out-3 a=null @12"}}});
}

BOOST_AUTO_TEST_CASE(pass_filter_and_filter_not) {
  const auto topology = from_in([](const auto& in) {
    in.filter([](const S& value) { return value == "1"; }).to("kept");
    in.filter_not([](const N&, const S& value) { return value == "1"; }).to("rest");
  });
  check(topology, {{"in a=1 @10", {"kept a=1 @10"}},
                   {"in a=2 @11", {"rest a=2 @11"}},
                   {"in a=null @12", {"kept a=null @12", "rest a=null @12"}}});
}

BOOST_AUTO_TEST_CASE(stay_one_null_in_flat_map_values) {
  const auto topology = from_in([](const auto& in) {
    in.flat_map_values([](const S& value) { return std::vector<S>{value, value}; }).to("out");
  });
  check(topology, {{"in a=1 @10", {"out a=1 @10", "out a=1 @10"}}, {"in a=null @11", {"out a=null @11"}}});
}

BOOST_AUTO_TEST_CASE(are_not_shown_to_peek_and_for_each) {
  const auto seen = std::make_shared<std::vector<S>>();
  const auto topology = from_in([&](const auto& in) {
    in.peek([seen](const S& value) { seen->push_back("peek " + value); }).to("out");
    in.for_each([seen](const N& key, const S& value) { seen->push_back(text(key) + " " + value); });
  });
  check(topology, {{"in a=1 @10", {"out a=1 @10"}}, {"in a=null @11", {"out a=null @11"}}});
  BOOST_TEST(*seen == (std::vector<S>{"peek 1", "a 1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_table_that_is_filtered_delete_the_row_in_the_topic_behind_it) {
  StreamsBuilder builder;
  builder.table<S, S>("in")
      .filter([](const S& value) { return value != "bad"; })
      .to_stream()
      .map_values([](const S& value) { return value + "!"; })
      .to("out");
  check(builder.build(), {{"in a=good @10", {"out a=good! @10"}}, {"in a=bad @11", {"out a=null @11"}}});
}

BOOST_AUTO_TEST_CASE(are_shown_to_a_function_that_takes_them) {
  const auto topology = from_in(
      [](const auto& in) { in.map_values([](const N& value) { return value.value_or("nothing"); }).to("out"); });
  check(topology, {{"in a=null @10", {"out a=nothing @10"}}});
}

BOOST_AUTO_TEST_SUITE_END()
