// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/ownership.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "runtime/thread/client_configs.hpp"

namespace millrace::detail {
namespace {

using Group = Ownership::Group;
using Opening = Ownership::Opening;
using Commit = Ownership::Commit;

constexpr std::uint64_t kPlan = 1;
constexpr std::uint64_t kOther = 2;

ConsumerGroupMetadata at(const std::string& member, std::int32_t generation) {
  return {"g", member, generation, nullptr};
}

MemberDescription member(const std::string& id, std::uint64_t plan) {
  return {id, with_plan({{"client.id", "c-" + id}}, plan).at("client.id"), "host-" + id, {}};
}
MemberDescription stranger(const std::string& id) { return {id, "c-" + id, "host-" + id, {}}; }

ConsumerGroupDescription group(std::vector<MemberDescription> members) { return {"Stable", std::move(members)}; }

BOOST_AUTO_TEST_SUITE(OwnershipSuite)

BOOST_AUTO_TEST_CASE(follows_from_who_is_in_the_group) {
  struct Row {
    const char* who;
    std::vector<MemberDescription> members;
    Group group;
    Opening mine;
    Opening not_mine;
    Commit commit;
  };
  const std::vector<Row> rows{
      {"alone", {member("me", kPlan)}, Group::alike, Opening::run, Opening::claim, Commit::go},
      {"all alike", {member("me", kPlan), member("b", kPlan)}, Group::alike, Opening::run, Opening::claim, Commit::go},
      {"another plan",
       {member("me", kPlan), member("b", kPlan), member("c", kOther)},
       Group::mixed,
       Opening::run,
       Opening::wait,
       Commit::go},
      {"a stranger",
       {member("me", kPlan), stranger("c")},
       Group::stranger,
       Opening::wait,
       Opening::wait,
       Commit::refused},
      {"a stranger and another plan",
       {member("me", kPlan), member("b", kOther), stranger("c")},
       Group::stranger,
       Opening::wait,
       Opening::wait,
       Commit::refused},
      {"not even this member", {member("b", kPlan)}, Group::unknown, Opening::wait, Opening::wait, Commit::describe},
      {"nobody", {}, Group::unknown, Opening::wait, Opening::wait, Commit::describe},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.who) {
      Ownership ownership(kPlan);
      ownership.described(at("me", 3), group(row.members));
      BOOST_CHECK(ownership.group() == row.group);
      BOOST_CHECK(ownership.opening(true) == row.mine);
      BOOST_CHECK(ownership.opening(false) == row.not_mine);
      BOOST_CHECK(ownership.commit(at("me", 3)) == row.commit);
    }
  }
}

BOOST_AUTO_TEST_CASE(names_the_members_that_block_a_task) {
  Ownership ownership(kPlan);
  ownership.described(at("me", 3), group({member("me", kPlan), member("b", kOther), member("c", kPlan)}));
  BOOST_REQUIRE_EQUAL(ownership.others().size(), 1U);
  BOOST_CHECK_EQUAL(ownership.others()[0].host, "host-b");
  ownership.described(at("me", 3), group({member("me", kPlan), member("b", kOther), stranger("c")}));
  BOOST_REQUIRE_EQUAL(ownership.others().size(), 1U);
  BOOST_CHECK_EQUAL(ownership.others()[0].host, "host-c");
}

BOOST_AUTO_TEST_CASE(is_unknown_before_the_group_is_described) {
  const Ownership ownership(kPlan);
  BOOST_CHECK(ownership.opening(true) == Opening::wait);
  BOOST_CHECK(ownership.commit(at("me", 1)) == Commit::describe);
}

BOOST_AUTO_TEST_CASE(must_be_checked_again_in_each_generation) {
  Ownership ownership(kPlan);
  ownership.described(at("me", 3), group({member("me", kPlan)}));
  BOOST_CHECK(ownership.commit(at("me", 4)) == Commit::describe);
  // A commit still carries the generation whose members were checked.
  BOOST_CHECK_EQUAL(ownership.verified().generation_id(), 3);
  const auto epoch = ownership.epoch();
  ownership.described(at("me", 4), group({member("me", kPlan), member("b", kOther)}));
  BOOST_CHECK(ownership.commit(at("me", 4)) == Commit::go);
  BOOST_CHECK_EQUAL(ownership.verified().generation_id(), 4);
  BOOST_CHECK_NE(ownership.epoch(), epoch);
}

BOOST_AUTO_TEST_CASE(of_one_generation_is_one_epoch) {
  Ownership ownership(kPlan);
  ownership.described(at("me", 3), group({member("me", kPlan)}));
  const auto epoch = ownership.epoch();
  const auto descriptions = ownership.descriptions();
  ownership.described(at("me", 3), group({member("me", kPlan), member("b", kOther)}));
  BOOST_CHECK_EQUAL(ownership.epoch(), epoch);
  BOOST_CHECK_NE(ownership.descriptions(), descriptions);
}

BOOST_AUTO_TEST_CASE(is_unknown_after_a_rebalance_but_running_tasks_may_commit) {
  Ownership ownership(kPlan);
  ownership.described(at("me", 3), group({member("me", kPlan)}));
  ownership.rebalanced();
  BOOST_CHECK(ownership.opening(true) == Opening::wait);
  // If the generation has changed, the broker refuses the commit.
  BOOST_CHECK(ownership.commit(at("me", 3)) == Commit::go);
}

BOOST_AUTO_TEST_CASE(ends_when_the_group_removes_the_member) {
  Ownership ownership(kPlan);
  ownership.described(at("me", 3), group({member("me", kPlan)}));
  BOOST_CHECK(ownership.commit(at("", ConsumerGroupMetadata::kUnknownGeneration)) == Commit::outside);
  // The consumer is a member again, with another id.
  BOOST_CHECK(ownership.commit(at("me2", 5)) == Commit::outside);
  ownership.described(at("me2", 5), group({member("me2", kPlan)}));
  BOOST_CHECK(ownership.commit(at("me2", 5)) == Commit::outside);
  // Its tasks have started again.
  ownership.forget();
  BOOST_CHECK(ownership.commit(at("me2", 5)) == Commit::describe);
  ownership.described(at("me2", 5), group({member("me2", kPlan)}));
  BOOST_CHECK(ownership.commit(at("me2", 5)) == Commit::go);
}

BOOST_AUTO_TEST_CASE(is_refused_until_the_strangers_have_left) {
  Ownership ownership(kPlan);
  ownership.described(at("me", 3), group({member("me", kPlan)}));
  ownership.described(at("me", 4), group({member("me", kPlan), stranger("c")}));
  BOOST_CHECK(ownership.commit(at("me", 4)) == Commit::refused);
  BOOST_CHECK(ownership.commit(at("me", 3)) == Commit::refused);
  ownership.forget();
  ownership.described(at("me", 5), group({member("me", kPlan)}));
  BOOST_CHECK(ownership.opening(false) == Opening::claim);
  BOOST_CHECK(ownership.commit(at("me", 5)) == Commit::go);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
