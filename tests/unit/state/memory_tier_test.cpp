// SPDX-License-Identifier: Apache-2.0
// What the in-memory tiers of stores in RocksDB keep, and which reads they save.
#define BOOST_TEST_DYN_LINK
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "state/task_database.hpp"
#include "state/tier/evicted_keys.hpp"
#include "state/tier/window_tier.hpp"
#include "unit/state/random_source.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

/// How often this thread read a key from RocksDB or moved a RocksDB iterator.
std::uint64_t rocksdb_reads(const std::function<void()>& work) {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  rocksdb::get_perf_context()->Reset();
  work();
  const auto reads =
      rocksdb::get_perf_context()->get_from_memtable_count + rocksdb::get_perf_context()->seek_on_memtable_count;
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  return reads;
}

int count(WindowBytesStore& store, std::string_view key, Timestamp from, Timestamp to) {
  int entries = 0;
  store.fetch_each(key, from, to, [&](Timestamp, std::string_view) {
    ++entries;
    return true;
  });
  return entries;
}

std::string name(std::int64_t number) { return "key" + std::to_string(number); }

}  // namespace

BOOST_AUTO_TEST_SUITE(MemoryTiers)

BOOST_AUTO_TEST_CASE(a_hot_window_lookup_never_touches_rocksdb) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  const auto store = database->window_store("s", {600'000, 1000, true});
  BOOST_TEST(rocksdb_reads([&] {
               for (Timestamp i = 0; i < 1000; ++i) {
                 store->put(name(i % 10), "v", i);
                 BOOST_TEST(count(*store, name(i % 10), 0, i) == i / 10 + 1);
                 BOOST_TEST(count(*store, "unknown", 0, i) == 0);
                 if (i % 100 == 0) database->commit({});
               }
             }) == 0u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_only_old_windows_are_read_from_rocksdb) {
  const TempDirectory directory;
  const WindowStoreOptions options{600'000, 1000, true};
  {
    const auto database = TaskDatabase::open(directory.path());
    const auto store = database->window_store("s", options);
    store->put("k", "v", 1000);
    database->commit({});
  }
  const auto database = TaskDatabase::open(directory.path());
  const auto store = database->window_store("s", options);
  store->put("k", "w", 2000);
  BOOST_TEST(rocksdb_reads([&] { BOOST_TEST(count(*store, "k", 0, 5000) == 2); }) > 0u);
  BOOST_TEST(rocksdb_reads([&] { BOOST_TEST(count(*store, "k", 1001, 5000) == 1); }) == 0u);
}

BOOST_AUTO_TEST_CASE(evicted_keys_are_found_again_and_absent_keys_cost_nothing) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path(), {1u << 20, 1u << 20, 1u << 20});
  const auto store = database->window_store("s", {600'000'000, 1000, true});
  constexpr int kEntries = 20'000;  // several times the budget
  for (int i = 0; i < kEntries; ++i) {
    store->put(name(i), "a value of some length", i);
    if (i % 500 == 0) database->commit({});
  }
  database->commit({});
  BOOST_TEST(rocksdb_reads([&] { BOOST_TEST(count(*store, name(0), 0, kEntries) == 1); }) > 0u);
  std::uint64_t reads = 0;
  for (int i = 0; i < 1000; ++i) {
    reads += rocksdb_reads([&] { BOOST_TEST(count(*store, "other" + std::to_string(i), 0, kEntries) == 0); });
  }
  BOOST_TEST(reads < 200u);  // of 1,000 lookups only the filter's false positives read RocksDB
  // A late entry before the tier's "complete from" is in the filter as soon as it is committed.
  store->put("late", "v", 5);
  BOOST_TEST(count(*store, "late", 0, 10) == 1);
  database->commit({});
  BOOST_TEST(count(*store, "late", 0, 10) == 1);
}

BOOST_AUTO_TEST_CASE(a_key_value_store_reads_a_key_at_most_once) {
  const TempDirectory directory;
  {
    const auto database = TaskDatabase::open(directory.path());
    const auto store = database->key_value_store("s");
    store->put("old", "v");
    database->commit({});
  }
  const auto database = TaskDatabase::open(directory.path());
  const auto store = database->key_value_store("s");
  BOOST_TEST(rocksdb_reads([&] {
               store->put("new", "v");  // a blind write
               BOOST_TEST(store->get("new").has_value());
               database->commit({});
               BOOST_TEST(store->get("new").has_value());
               store->put("new", std::nullopt);
               BOOST_TEST(!store->get("new").has_value());
             }) == 0u);
  for (const std::string key : {"old", "absent"}) {
    BOOST_TEST(rocksdb_reads([&] { (void)store->get(key); }) > 0u);
    BOOST_TEST(rocksdb_reads([&] { BOOST_TEST(store->get(key).has_value() == (key == "old")); }) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(several_puts_of_a_key_count_once) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  const auto store = database->key_value_store("s");
  store->put("k", "1234567890");
  const std::size_t once = database->uncommitted_bytes();
  for (int i = 0; i < 100; ++i) store->put("k", "1234567890");
  BOOST_TEST(database->uncommitted_bytes() == once);
  const auto windows = database->window_store("w", {600'000, 1000, false});
  windows->put("k", "1234567890", 5);
  const std::size_t twice = database->uncommitted_bytes();
  for (int i = 0; i < 100; ++i) windows->put("k", "1234567890", 5);
  BOOST_TEST(database->uncommitted_bytes() == twice);
  database->commit({});
  BOOST_TEST(database->uncommitted_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_window_tier_respects_its_budget_and_counts_exactly) {
  TierBudget budget(100'000);
  RandomSource random;
  BOOST_TEST_MESSAGE("seed " << random.seed());
  {
    WindowTier tier(&budget, {2'000, 1'000'000});
    for (Timestamp i = 0; i < 20'000; ++i) {
      tier.put(name(random.between(0, 3000)), i, Sequence(), random.bytes(200), true);
      if (i % 50 == 0) tier.committed();
      if (budget.exceeded()) budget.reclaim();
      budget.committed();
      if (i % 50 == 0) BOOST_TEST(tier.tier_bytes() <= 100'000u);
    }
    BOOST_TEST(tier.complete_from() > 0);
    BOOST_TEST(tier.complete_from() < 20'000);
    tier.expire(100'000);
    BOOST_TEST(tier.dirty_bytes() == 0u);
    tier.reset(0);
    BOOST_TEST(tier.tier_bytes() == 0u);
    budget.charge(1);
    BOOST_TEST(!budget.exceeded());
    budget.charge(100'000);
    BOOST_TEST(budget.exceeded());
  }
}

BOOST_AUTO_TEST_CASE(the_filter_of_evicted_keys_has_no_false_negatives) {
  RandomSource random;
  BOOST_TEST_MESSAGE("seed " << random.seed());
  EvictedKeys keys(1u << 20);
  keys.reset(0);
  const std::hash<std::string> hash;
  constexpr Timestamp kSlices = 300;
  for (Timestamp slice = 0; slice < kSlices; ++slice) {
    keys.begin_slice(slice * 100, slice * 100 + 100);
    for (int i = 0; i < 100; ++i) keys.add(hash(name(slice * 1000 + i)));
  }
  BOOST_TEST(keys.known_from() == 0);
  BOOST_TEST(keys.bytes() <= std::size_t{1} << 20);
  int false_alarms = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Timestamp slice = random.between(0, kSlices - 1);
    BOOST_TEST_REQUIRE(
        keys.may_contain(hash(name(slice * 1000 + random.between(0, 99))), slice * 100 + 99, slice * 100 + 99));
    const Timestamp start = random.between(0, kSlices * 100);
    if (keys.may_contain(hash("other" + std::to_string(i)), start, start + 500)) ++false_alarms;
  }
  BOOST_TEST(false_alarms < 500);
  keys.add_late(hash("late"), 1234);
  BOOST_TEST(keys.may_contain(hash("late"), 1234, 1234));
  keys.drop_before(5'000);
  BOOST_TEST(keys.known_from() <= 5'000);
  BOOST_TEST(keys.may_contain(hash(name(200'050)), 20'000, 20'099));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
