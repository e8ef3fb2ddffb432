// SPDX-License-Identifier: Apache-2.0
// The assignors of the embedded broker.
#include "broker/embedded/assignor.hpp"

#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

using namespace millrace;
using namespace millrace::detail::embedded;

namespace {

std::set<TopicPartition> partitions(const std::string& topic, std::initializer_list<std::int32_t> numbers) {
  std::set<TopicPartition> all;
  for (const std::int32_t number : numbers) all.insert({topic, number});
  return all;
}

std::set<TopicPartition> operator+(std::set<TopicPartition> a, const std::set<TopicPartition>& b) {
  a.insert(b.begin(), b.end());
  return a;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(StickyAssignor)

BOOST_AUTO_TEST_CASE(spreads_partitions_evenly_over_new_members) {
  const auto result = assign_sticky({{{"t"}, {}}, {{"t"}, {}}}, {{"t", 5}});
  BOOST_CHECK_EQUAL(result[0].size(), 3U);
  BOOST_CHECK_EQUAL(result[1].size(), 2U);
}

BOOST_AUTO_TEST_CASE(spreads_each_topic_not_only_the_sum) {
  const auto result = assign_sticky({{{"a", "b"}, {}}, {{"a", "b"}, {}}}, {{"a", 2}, {"b", 2}});
  for (const auto& member : result) {
    BOOST_CHECK_EQUAL(std::count_if(member.begin(), member.end(), [](const auto& p) { return p.topic == "a"; }), 1);
    BOOST_CHECK_EQUAL(std::count_if(member.begin(), member.end(), [](const auto& p) { return p.topic == "b"; }), 1);
  }
}

BOOST_AUTO_TEST_CASE(takes_from_an_old_member_only_what_the_new_one_needs) {
  const auto all = partitions("t", {0, 1, 2, 3});
  const auto result = assign_sticky({{{"t"}, all}, {{"t"}, {}}}, {{"t", 4}});
  BOOST_CHECK_EQUAL(result[0].size(), 2U);
  BOOST_CHECK_EQUAL(result[1].size(), 2U);
}

BOOST_AUTO_TEST_CASE(moves_nothing_if_the_balance_is_good_already) {
  const auto first = partitions("t", {0, 3});
  const auto second = partitions("t", {1, 2, 4});
  const auto result = assign_sticky({{{"t"}, first}, {{"t"}, second}}, {{"t", 5}});
  BOOST_CHECK(result[0] == first);
  BOOST_CHECK(result[1] == second);
}

BOOST_AUTO_TEST_CASE(gives_the_partitions_of_a_leaving_member_to_those_with_fewest) {
  const auto first = partitions("t", {0, 1});
  const auto result = assign_sticky({{{"t"}, first}, {{"t"}, partitions("t", {4})}}, {{"t", 5}});
  BOOST_CHECK(result[0] == first + partitions("t", {}) || result[0].size() == 3);
  BOOST_CHECK(std::includes(result[0].begin(), result[0].end(), first.begin(), first.end()));
  BOOST_CHECK_GE(result[1].size(), 2U);
}

BOOST_AUTO_TEST_CASE(gives_a_topic_only_to_its_subscribers) {
  const auto result = assign_sticky({{{"a"}, {}}, {{"a", "b"}, {}}}, {{"a", 2}, {"b", 2}});
  BOOST_CHECK(result[0] == partitions("a", {0, 1}));
  BOOST_CHECK(result[1] == partitions("b", {0, 1}));
}

BOOST_AUTO_TEST_CASE(drops_partitions_that_are_unsubscribed_or_missing) {
  const auto result = assign_sticky({{{"a"}, partitions("b", {0}) + partitions("a", {0, 7})}}, {{"a", 2}});
  BOOST_CHECK(result[0] == partitions("a", {0, 1}));
}

BOOST_AUTO_TEST_CASE(copes_with_no_members_and_no_partitions) {
  BOOST_CHECK(assign_sticky({}, {{"t", 3}}).empty());
  BOOST_CHECK(assign_sticky({{{"t"}, {}}}, {})[0].empty());
}

BOOST_AUTO_TEST_CASE(stays_complete_disjoint_and_balanced_through_random_changes) {
  constexpr unsigned kSeed = 4711;
  std::mt19937 random(kSeed);
  const std::map<std::string, std::int32_t> counts = {{"a", 7}, {"b", 3}, {"c", 12}};
  std::vector<AssignorMember> members = {{{"a", "b", "c"}, {}}};
  for (int round = 0; round < 300; ++round) {
    BOOST_TEST_CONTEXT("seed " << kSeed << ", round " << round) {
      if (members.size() > 1 && random() % 2 == 0) {
        members.erase(members.begin() + static_cast<std::ptrdiff_t>(random() % members.size()));
      } else {
        members.push_back({{"a", "b", "c"}, {}});
      }
      const Assignment result = assign_sticky(members, counts);
      std::set<TopicPartition> all;
      std::size_t total = 0;
      std::size_t least = SIZE_MAX;
      std::size_t most = 0;
      for (std::size_t i = 0; i < members.size(); ++i) {
        all.insert(result[i].begin(), result[i].end());
        total += result[i].size();
        least = std::min(least, result[i].size());
        most = std::max(most, result[i].size());
        members[i].owned = result[i];
      }
      BOOST_CHECK_EQUAL(total, 22U);
      BOOST_CHECK_EQUAL(all.size(), 22U);
      BOOST_CHECK_LE(most - least, 1U);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(RangeAssignor)

BOOST_AUTO_TEST_CASE(gives_consecutive_ranges_with_one_more_for_the_first_members) {
  const auto result = assign_range({{{"t"}, {}}, {{"t"}, {}}, {{"t"}, {}}}, {{"t", 7}});
  BOOST_CHECK(result[0] == partitions("t", {0, 1, 2}));
  BOOST_CHECK(result[1] == partitions("t", {3, 4}));
  BOOST_CHECK(result[2] == partitions("t", {5, 6}));
}

BOOST_AUTO_TEST_CASE(keeps_equal_partitions_of_several_topics_together) {
  const auto result = assign_range({{{"a", "b"}, {}}, {{"a", "b"}, {}}}, {{"a", 2}, {"b", 2}});
  BOOST_CHECK(result[0] == partitions("a", {0}) + partitions("b", {0}));
  BOOST_CHECK(result[1] == partitions("a", {1}) + partitions("b", {1}));
}

BOOST_AUTO_TEST_SUITE_END()
