// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using Stream = KStream<S, S>;

const auto starts_with_a = [](const S& value) { return value.starts_with('a'); };
const auto ends_with_z = [](const S& value) { return value.ends_with('z'); };

template <class F>
Topology split_in(F build) {
  StreamsBuilder builder;
  build(builder.stream<S, S>("in"));
  return builder.build();
}

std::vector<S> names(const std::map<S, Stream>& branches) {
  std::vector<S> result;
  for (const auto& [name, branch] : branches) result.push_back(name);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Split)

BOOST_AUTO_TEST_CASE(gives_each_record_to_the_first_branch_that_takes_it) {
  check(split_in([](const Stream& in) {
          const auto branches = in.split(Named::as("s-"))
                                    .branch(starts_with_a, Branched::as("a"))
                                    .branch(ends_with_z, Branched::as("z"))
                                    .default_branch(Branched::as("rest"));
          branches.at("s-a").to("out-a");
          branches.at("s-z").to("out-z");
          branches.at("s-rest").to("out-rest");
        }),
        {{"in k=az @1", {"out-a k=az @1"}},
         {"in k=bz @2 h=1", {"out-z k=bz @2 h=1"}},
         {"in k=b @3", {"out-rest k=b @3"}}});
}

BOOST_AUTO_TEST_CASE(without_default_drops_the_rest) {
  check(split_in([](const Stream& in) {
          in.split(Named::as("s-")).branch(starts_with_a, Branched::as("a")).no_default_branch().at("s-a").to("out");
        }),
        {{"in k=a @1", {"out k=a @1"}}, {"in k=b @2", {}}});
}

BOOST_AUTO_TEST_CASE(may_look_at_the_key) {
  check(split_in([](const Stream& in) {
          in.split(Named::as("s-"))
              .branch([](const S& key, const S&) { return key == "k"; }, Branched::as("k"))
              .no_default_branch()
              .at("s-k")
              .to("out");
        }),
        {{"in k=a @1", {"out k=a @1"}}, {"in l=a @2", {}}});
}

BOOST_AUTO_TEST_CASE(names_branches_by_position_unless_they_are_named) {
  (void)split_in([](const Stream& in) {
    const auto named = in.split(Named::as("s-"))
                           .branch(starts_with_a)
                           .branch(starts_with_a, Branched::as("mine"))
                           .branch(ends_with_z)
                           .default_branch();
    BOOST_TEST(names(named) == (std::vector<S>{"s-0", "s-1", "s-3", "s-mine"}), boost::test_tools::per_element());
    const auto unnamed = in.split().branch(starts_with_a).default_branch();
    BOOST_TEST(names(unnamed) == (std::vector<S>{"KSTREAM-BRANCH-00000000060", "KSTREAM-BRANCH-00000000061"}),
               boost::test_tools::per_element());
  });
}

BOOST_AUTO_TEST_CASE(hands_branches_to_functions_and_consumers) {
  check(split_in([](const Stream& in) {
          const auto shout = [](const Stream& s) { return s.map_values([](const S& value) { return value + "!"; }); };
          const auto branches =
              in.split(Named::as("s-"))
                  .branch(starts_with_a, Branched::with_function<S, S>(shout, "a"))
                  .branch(ends_with_z, Branched::with_consumer<S, S>([](const Stream& s) { s.to("consumed"); }, "z"))
                  .default_branch(Branched::with_function<S, S>(shout));
          BOOST_TEST(names(branches) == (std::vector<S>{"s-0", "s-a"}), boost::test_tools::per_element());
          branches.at("s-a").merge(branches.at("s-0")).to("out");
        }),
        {{"in k=a @1", {"out k=a! @1"}}, {"in k=z @2", {"consumed k=z @2"}}, {"in k=b @3", {"out k=b! @3"}}});
}

BOOST_AUTO_TEST_CASE(branches_do_not_share_changes) {
  check(split_in([](const Stream& in) {
          in.to("whole");
          in.split(Named::as("s-"))
              .branch(starts_with_a, Branched::as("a"))
              .no_default_branch()
              .at("s-a")
              .map_values([](S value) { return std::move(value) + "!"; })
              .to("out");
        }),
        {{"in k=a-value-of-more-than-sixteen-bytes @1",
          {"out k=a-value-of-more-than-sixteen-bytes! @1", "whole k=a-value-of-more-than-sixteen-bytes @1"}}});
}

BOOST_AUTO_TEST_SUITE_END()
