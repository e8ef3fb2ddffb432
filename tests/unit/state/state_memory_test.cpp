// SPDX-License-Identifier: Apache-2.0
// How the databases of an application share memory.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>

#include "state/state_memory.hpp"
#include "state/task_database.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

constexpr std::size_t kMb = 1u << 20;

std::shared_ptr<StateMemory> memory(std::size_t tier_bytes, std::size_t write_buffer_bytes) {
  return std::make_shared<StateMemory>(DatabaseOptions{tier_bytes, 64u << 10, write_buffer_bytes});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(SharedStateMemory)

BOOST_AUTO_TEST_CASE(belongs_entirely_to_a_single_database) {
  StateMemory::Member only(memory(100, 8 * kMb));
  BOOST_TEST(only.report(0).tier_bytes == 100u);
  BOOST_TEST(only.report(1'000).tier_bytes == 100u);
  BOOST_TEST(only.report(1'000).write_buffer_bytes == 8 * kMb);
}

BOOST_AUTO_TEST_CASE(is_lent_to_busy_databases_until_others_claim_their_equal_share) {
  const auto shared = memory(100, 8 * kMb);
  StateMemory::Member busy(shared);
  StateMemory::Member idle(shared);
  BOOST_TEST(idle.report(10).tier_bytes == 100u);
  BOOST_TEST(busy.report(85).tier_bytes == 90u);
  BOOST_TEST(idle.report(10).tier_bytes == 50u);  // more than is left
  BOOST_TEST(idle.report(60).tier_bytes == 50u);
  BOOST_TEST(busy.report(85).tier_bytes == 50u);  // so that it makes room
}

BOOST_AUTO_TEST_CASE(is_returned_by_closed_databases) {
  const auto shared = memory(100, 8 * kMb);
  StateMemory::Member stays(shared);
  {
    StateMemory::Member leaves(shared);
    BOOST_TEST(leaves.report(80).tier_bytes == 100u);
    BOOST_TEST(stays.report(0).tier_bytes == 50u);
    BOOST_TEST(stays.report(0).write_buffer_bytes == 4 * kMb);
  }
  BOOST_TEST(stays.report(0).tier_bytes == 100u);
  BOOST_TEST(stays.report(0).write_buffer_bytes == 8 * kMb);
}

BOOST_AUTO_TEST_CASE(leaves_each_database_a_megabyte_of_write_buffer) {
  const auto plenty = memory(100, 2 * kMb);
  const auto little = memory(100, 64u << 10);
  std::vector<std::unique_ptr<StateMemory::Member>> members;
  for (int i = 0; i < 8; ++i) members.push_back(std::make_unique<StateMemory::Member>(plenty));
  BOOST_TEST(members.front()->report(0).write_buffer_bytes == kMb);
  for (int i = 0; i < 8; ++i) members.push_back(std::make_unique<StateMemory::Member>(little));
  BOOST_TEST(members.back()->report(0).write_buffer_bytes == 64u << 10);
}

BOOST_AUTO_TEST_CASE(keeps_databases_correct_however_small_it_is) {
  const auto shared = memory(2'000, 64u << 10);
  const TempDirectory one_place;
  const TempDirectory other_place;
  const auto one = TaskDatabase::open(one_place.path(), shared);
  const auto other = TaskDatabase::open(other_place.path(), shared);
  const auto counts = one->key_value_store("counts");
  const auto windows = other->window_store("windows", {1'000'000, 1'000, false});
  for (int i = 0; i < 3'000; ++i) {
    const std::string key = "k" + std::to_string(i);
    counts->put(key, key);
    windows->put(key, key, i);
    if (i % 100 == 0) one->commit({});
    if (i % 70 == 0) other->commit({});
  }
  for (int i = 0; i < 3'000; ++i) {
    const std::string key = "k" + std::to_string(i);
    BOOST_TEST_REQUIRE((counts->get(key) == key));
    BOOST_TEST_REQUIRE((windows->fetch(key, i) == key));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
