// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "runtime/task/input_offsets.hpp"

#include <boost/test/unit_test.hpp>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "runtime/task/commit_metadata.hpp"

namespace millrace::detail {

namespace {

const TopicPartition kA{"a", 0};
const TopicPartition kB{"b", 0};
const std::vector<TopicPartition> kInputs{kA, kB};

using Offsets = std::map<TopicPartition, std::int64_t>;

std::map<TopicPartition, OffsetAndMetadata> with_metadata(const Offsets& offsets) {
  std::map<TopicPartition, OffsetAndMetadata> all;
  for (const auto& [input, offset] : offsets) all[input].offset = offset;
  return all;
}

/// `processed` and `of_group`: what the database contains. `now`: the present offsets of the group.
bool goes_on(const Offsets& processed, const Offsets& of_group, const Offsets& now) {
  return goes_on_from_own({with_metadata(processed), of_group}, kInputs, with_metadata(now));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(InputOffsetsOfTheDatabase)

BOOST_AUTO_TEST_CASE(are_used_if_the_group_has_the_same) {
  BOOST_TEST(goes_on({{kA, 10}, {kB, 20}}, {{kA, 5}, {kB, 20}}, {{kA, 10}, {kB, 20}}));
  BOOST_TEST(goes_on({}, {}, {}));
}

BOOST_AUTO_TEST_CASE(are_used_if_the_group_did_not_get_the_last_commit) {
  BOOST_TEST(goes_on({{kA, 10}, {kB, 20}}, {{kA, 5}, {kB, 20}}, {{kA, 5}, {kB, 20}}));
  BOOST_TEST(goes_on({{kA, 10}}, {}, {}));
  // Another member has processed a part of the same input.
  BOOST_TEST(goes_on({{kA, 10}, {kB, 20}}, {{kA, 5}, {kB, 20}}, {{kA, 7}, {kB, 20}}));
}

BOOST_AUTO_TEST_CASE(are_not_used_if_another_member_has_processed_the_task_since) {
  BOOST_TEST(!goes_on({{kA, 10}, {kB, 20}}, {{kA, 10}, {kB, 20}}, {{kA, 11}, {kB, 20}}));
  BOOST_TEST(!goes_on({{kA, 10}, {kB, 20}}, {{kA, 5}, {kB, 20}}, {{kA, 7}, {kB, 21}}));
  BOOST_TEST(!goes_on({{kA, 10}}, {{kA, 10}}, {{kA, 10}, {kB, 1}}));
}

BOOST_AUTO_TEST_CASE(are_not_used_if_the_offsets_of_the_group_were_set_back_or_lost) {
  BOOST_TEST(!goes_on({{kA, 10}, {kB, 20}}, {{kA, 5}, {kB, 20}}, {{kA, 0}, {kB, 20}}));
  BOOST_TEST(!goes_on({{kA, 10}, {kB, 20}}, {{kA, 5}, {kB, 20}}, {{kB, 20}}));
}

// Its changes of the stores may come from inputs that this task does not read.
BOOST_AUTO_TEST_CASE(are_not_used_if_a_task_of_another_plan_has_run_since) {
  const auto at = [](std::int64_t offset, std::int64_t claim_id) {
    return OffsetAndMetadata{offset, std::nullopt, encode_commit_metadata({kNoTimestamp, {}, 1, claim_id})};
  };
  const InputOffsets own{{{kA, at(10, 7)}, {kB, at(20, 7)}}, {{kA, 10}, {kB, 20}}};
  BOOST_TEST(goes_on_from_own(own, kInputs, {{kA, at(10, 7)}, {kB, at(20, 7)}}));
  BOOST_TEST(!goes_on_from_own(own, kInputs, {{kA, at(10, 8)}, {kB, at(20, 8)}}));
}

namespace {

/// The metadata of a record that was processed.
OffsetAndMetadata at(std::int64_t offset, std::int64_t claim_id = 7) {
  return {offset, std::nullopt, encode_commit_metadata({5, {}, 1, claim_id})};
}

}  // namespace

BOOST_AUTO_TEST_CASE(say_how_the_local_state_relates_to_the_start) {
  const InputOffsets own{{{kA, at(10)}, {kB, at(20)}}, {{kA, 10}, {kB, 20}}};
  const auto state = [&](const std::map<TopicPartition, OffsetAndMetadata>& start) {
    return local_state(own, kInputs, start);
  };
  BOOST_TEST((state({{kA, at(10)}, {kB, at(20)}}) == LocalState::complete));
  BOOST_TEST((state({{kA, at(10, 8)}, {kB, at(20, 8)}}) == LocalState::behind));
  BOOST_TEST((state({{kA, at(11)}, {kB, at(20)}}) == LocalState::behind));
  BOOST_TEST((state({{kA, at(3, 8)}, {kB, at(20, 8)}}) == LocalState::ahead));
  BOOST_TEST((state({{kA, at(10)}}) == LocalState::ahead));
  // Nothing was processed before the start, so nothing can be missing.
  BOOST_TEST((local_state(std::nullopt, kInputs, with_metadata({{kA, 10}, {kB, 20}})) == LocalState::ahead));
  BOOST_TEST((local_state(std::nullopt, kInputs, {{kA, at(10)}, {kB, at(20)}}) == LocalState::behind));
}

BOOST_AUTO_TEST_CASE(show_which_offsets_a_group_has_lost) {
  const InputOffsets own{{{kA, at(10)}, {kB, at(20)}}, {{kA, 10}, {kB, 20}}};
  BOOST_TEST(lost_offsets(own, kInputs, {{kA, at(10)}, {kB, at(20)}}).empty());
  BOOST_TEST(lost_offsets(own, kInputs, {{kB, at(20)}}).at(kA).offset == 10);
  BOOST_TEST(lost_offsets(own, kInputs, {}).size() == 2U);
  BOOST_TEST(lost_offsets(std::nullopt, kInputs, {}).empty());
  // The group never had an offset, or the task has not processed a record yet.
  BOOST_TEST(lost_offsets(InputOffsets{{{kA, at(10)}}, {}}, kInputs, {}).empty());
  BOOST_TEST(lost_offsets(InputOffsets{with_metadata({{kA, 10}}), {{kA, 10}}}, kInputs, {}).empty());
  // The task does not read the partition any more.
  BOOST_TEST(lost_offsets(InputOffsets{{{{"c", 0}, at(3)}}, {{{"c", 0}, 3}}}, kInputs, {}).empty());
}

BOOST_AUTO_TEST_CASE(of_partitions_that_the_task_does_not_read_do_not_matter) {
  BOOST_TEST(goes_on({{kA, 10}, {{"c", 0}, 3}}, {{{"c", 0}, 3}}, {{kA, 10}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
