// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "runtime/task/kept_times.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <set>

#include "millrace/processor/detail/kept_time.hpp"

namespace millrace::detail {
namespace {

BOOST_AUTO_TEST_SUITE(KeptTimesSuite)

BOOST_AUTO_TEST_CASE(continue_from_the_last_commit) {
  KeptTimes times;
  times.resume({{"a", 5}, {"b", 7}});
  times.resume({{"a", 6}, {"b", 3}});  // of another partition
  Timestamp a = kNoTimestamp;
  Timestamp b = 10;
  Timestamp c = kNoTimestamp;
  times.keep("a", "node", a);
  times.keep("b", "node", b);
  times.keep("c", "node", c);
  BOOST_TEST(a == 6);
  BOOST_TEST(b == 10);
  BOOST_TEST(c == kNoTimestamp);
}

BOOST_AUTO_TEST_CASE(are_read_at_the_commit) {
  KeptTimes times;
  Timestamp a = kNoTimestamp;
  times.keep("a", "node", a);
  BOOST_TEST(!times.changed());
  BOOST_TEST((times.shares(1).shares == std::vector<ProcessorMetadata>{{}}));
  a = 5;
  BOOST_TEST(times.changed());
  BOOST_TEST((times.shares(1).shares == std::vector<ProcessorMetadata>{{{"a", 5}}}));
  times.committed();
  BOOST_TEST(!times.changed());
  BOOST_TEST((times.shares(1).shares == std::vector<ProcessorMetadata>{{{"a", 5}}}));
}

BOOST_AUTO_TEST_CASE(of_nodes_that_share_a_store_get_numbers) {
  KeptTimes times;
  times.resume({{"a", 1}, {"a2", 2}, {"a3", 3}});
  Timestamp each[3] = {kNoTimestamp, kNoTimestamp, kNoTimestamp};
  for (Timestamp& time : each) times.keep("a", "node", time);
  BOOST_TEST(each[0] == 1);
  BOOST_TEST(each[1] == 2);
  BOOST_TEST(each[2] == 3);
}

BOOST_AUTO_TEST_CASE(without_an_operator_are_committed_again) {
  KeptTimes times;
  times.resume({{"gone", 5}});
  Timestamp a = 7;
  times.keep("a", "node", a);
  BOOST_TEST((times.shares(1).shares == std::vector<ProcessorMetadata>{{{"a", 7}, {"gone", 5}}}));
}

BOOST_AUTO_TEST_CASE(are_spread_over_the_partitions_if_one_has_no_room) {
  KeptTimes times;
  std::deque<Timestamp> kept;
  for (int i = 0; i < 300; ++i) {
    times.keep(kept_time_name("store" + std::to_string(i), "stream time"), "node", kept.emplace_back(i));
  }
  const auto [shares, left_out] = times.shares(5);
  BOOST_TEST(left_out.empty());
  BOOST_TEST(shares.size() == 3U);
  KeptTimes successor;
  for (const ProcessorMetadata& share : shares) {
    const auto text = encode_commit_metadata({INT64_MAX, share});
    BOOST_TEST(text.size() <= kCommitMetadataBytes);
    successor.resume(decode_commit_metadata(text).processors);
  }
  for (int i = 0; i < 300; ++i) {
    Timestamp time = kNoTimestamp;
    successor.keep(kept_time_name("store" + std::to_string(i), "stream time"), "node", time);
    BOOST_REQUIRE_EQUAL(time, i);
  }
}

BOOST_AUTO_TEST_CASE(without_room_are_reported) {
  KeptTimes times;
  times.resume({{std::string(2'000, 'x'), 1}});  // of another version, so it is left out first
  std::deque<Timestamp> kept;
  for (int i = 0; i < 300; ++i) {
    times.keep(kept_time_name("store" + std::to_string(i), "stream time"), "node " + std::to_string(i),
               kept.emplace_back(i));
  }
  const auto [shares, left_out] = times.shares(1);
  BOOST_REQUIRE_EQUAL(shares.size(), 1U);
  BOOST_TEST(encode_commit_metadata({INT64_MAX, shares[0]}).size() <= kCommitMetadataBytes);
  BOOST_TEST(shares[0].size() + left_out.size() == 300U);
  BOOST_REQUIRE(!left_out.empty());
  BOOST_TEST(left_out.front() == "node " + std::to_string(shares[0].size()));
}

BOOST_AUTO_TEST_CASE(have_short_names_that_never_change) {
  BOOST_TEST(kept_time_name("", "").size() == 12U);
  BOOST_TEST(kept_time_name(std::string(500, 'x'), "stream time").size() == 12U);
  // Committed offsets contain these names, so no release may change them.
  BOOST_TEST(kept_time_name("counts", "stream time") == "~X8OPZ2lpbL5");
  std::set<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.insert(kept_time_name("store" + std::to_string(i), "stream time"));
  BOOST_TEST(names.size() == 10'000U);
  BOOST_TEST(kept_time_name("a", "bc") != kept_time_name("ab", "c"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
