// SPDX-License-Identifier: Apache-2.0
// Random operations on window stores, compared with the model in window_model.hpp.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include <limits>
#include <utility>

#include "millrace/state/detail/bytes_store.hpp"
#include "state/cache/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/cache_support.hpp"
#include "unit/state/store_run.hpp"
#include "unit/state/temp_directory.hpp"
#include "unit/state/window_model.hpp"

namespace millrace::detail {

namespace {

/// Keys with common prefixes, also with the bytes of the timestamps that follow a key.
const std::vector<std::string> kKeys{"a",
                                     "b",
                                     "ab",
                                     "abc",
                                     std::string("a\0", 2),
                                     std::string("a\0\0\0\0\0\0\0\0\0\0\0\0", 13),
                                     std::string("a\0\0\0\0\0\0", 7),
                                     std::string("\0", 1),
                                     "\xff",
                                     "\xff\xff",
                                     "",
                                     "a key that is longer than any small buffer could hold"};

/// Runs random operations on a window store and its model.
class WindowStoreRun : public StoreRun<WindowModel> {
 public:
  /// `cached`: the store has a cache in front. A cache learns of stream time late and must not be used during a
  /// restore. Then the retention should be so long that nothing expires.
  WindowStoreRun(WindowStoreOptions options, WindowOrder order, bool cached = false)
      : StoreRun(WindowModel(options, order)),
        options_(options),
        pace_ms_(cached ? options.retention_ms / 100 : options.retention_ms),
        cached_(cached) {}

  void step(WindowBytesStore& store) {
    switch (random_.between(0, 9)) {
      case 0:
      case 1:
      case 2:
      case 3: put(store); break;
      case 4: compare_fetch_each(store); break;
      case 5: compare_single(store); break;
      case 6: compare_fetch(store); break;
      case 7: compare_range(store); break;
      case 8: restore(store); break;
      case 9: clock_ += random_.between(0, pace_ms_ / 20); break;
    }
    if (!cached_) BOOST_TEST_REQUIRE(store.observed_stream_time() == model_.observed_stream_time());
  }

 private:
  Timestamp around_now() {
    const std::int64_t back = random_.chance(70) ? pace_ms_ / 10 : 3 * pace_ms_ / 2;
    return std::max<Timestamp>(0, clock_ - random_.between(-pace_ms_ / 20, back));
  }

  std::optional<std::string> value() {
    if (random_.chance(15)) return std::nullopt;
    return random_.bytes(random_.chance(5) ? 3000 : 40);
  }

  void put(WindowBytesStore& store) {
    const std::string key = random_.pick(kKeys);
    const auto put_value = value();
    // Sometimes a round timestamp, so that entries have equal timestamps.
    const Timestamp start = random_.chance(50) ? around_now() : around_now() / 5000 * 5000;
    const std::uint32_t seq = store.put(key, put_value, start).value();
    BOOST_TEST_REQUIRE(seq == model_.put(key, put_value, start));
  }

  void compare_fetch_each(WindowBytesStore& store) {
    const std::string& key = random_.pick(kKeys);
    const Timestamp from = around_now();
    const Timestamp to = from + random_.between(-1, pace_ms_);
    const auto expected = model_.fetch(key, from, to);
    std::size_t seen = 0;
    const std::size_t stop_after = random_.chance(20) ? 1 : expected.size() + 1;
    store.fetch_each(key, from, to, [&](Timestamp start, std::string_view found) {
      BOOST_TEST_REQUIRE(seen < expected.size());
      BOOST_TEST_REQUIRE(start == expected[seen].start);
      BOOST_TEST_REQUIRE(std::string(found) == expected[seen].value);
      return ++seen < stop_after;
    });
    BOOST_TEST_REQUIRE(seen == std::min(stop_after, expected.size()));
  }

  void compare_single(WindowBytesStore& store) {
    if (options_.retain_duplicates) return;
    const std::string& key = random_.pick(kKeys);
    const Timestamp start = around_now() / 5000 * 5000;
    const auto expected = model_.fetch(key, start, start);
    const BytesView found = store.fetch(key, start);
    BOOST_TEST_REQUIRE(found.has_value() == !expected.empty());
    if (found) BOOST_TEST_REQUIRE(std::string(*found) == expected[0].value);
  }

  void compare_fetch(WindowBytesStore& store) {
    const std::string& key = random_.pick(kKeys);
    const Timestamp from = random_.chance(20) ? 0 : around_now();
    const Timestamp to =
        random_.chance(20) ? std::numeric_limits<Timestamp>::max() : from + random_.between(-1, pace_ms_);
    compare(model_.fetch(key, from, to), *store.fetch(key, from, to, true), *store.fetch(key, from, to, false));
  }

  void compare_range(WindowBytesStore& store) {
    const auto end = [&] { return random_.chance(30) ? std::nullopt : std::optional(random_.pick(kKeys)); };
    const auto key_from = end();
    const auto key_to = end();
    const Timestamp from = random_.chance(20) ? 0 : around_now();
    const Timestamp to =
        random_.chance(20) ? std::numeric_limits<Timestamp>::max() : from + random_.between(-1, pace_ms_);
    const auto walk = [&](bool forward) {
      return store.fetch_range(viewed(key_from), viewed(key_to), from, to, forward);
    };
    compare(model_.fetch_range(key_from, key_to, from, to), *walk(true), *walk(false));
  }

  void compare(std::vector<WindowRow> expected, WindowBytesIterator& forward, WindowBytesIterator& backward) {
    auto rows = rows_of(forward);
    BOOST_TEST_REQUIRE(rows == expected, boost::test_tools::per_element());
    std::reverse(expected.begin(), expected.end());
    rows = rows_of(backward);
    BOOST_TEST_REQUIRE(rows == expected, boost::test_tools::per_element());
  }

  void restore(WindowBytesStore& store) {
    if (cached_ || !random_.chance(20)) return;
    std::vector<std::pair<std::string, std::optional<std::string>>> changes;
    for (std::int64_t i = random_.between(0, 20); i > 0; --i) {
      std::string key;
      formats::append_window_key(
          key, random_.pick(kKeys), around_now(),
          Sequence(options_.retain_duplicates ? static_cast<std::uint32_t>(random_.between(1, 50)) : 0));
      changes.emplace_back(key, value());
    }
    std::vector<RestoreRecord> records;
    for (const auto& [key, change] : changes) {
      records.push_back({key, viewed(change), clock_});
    }
    store.restore(records);
    for (const auto& [key, change] : changes) model_.restore(key, change);
    restored_ = true;
  }

  WindowStoreOptions options_;
  std::int64_t pace_ms_;
  bool cached_;
  Timestamp clock_ = 1'000'000;
};

void run_persistent(const WindowStoreOptions& options, const DatabaseOptions& database_options, int steps) {
  run_in_rocksdb(WindowStoreRun(options, WindowOrder::by_segment), database_options, steps,
                 [&](TaskDatabase& database) { return database.window_store("windows", options); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(WindowStoresAgainstTheModel)

BOOST_AUTO_TEST_CASE(in_rocksdb_with_everything_in_the_tier) { run_persistent({600'000, 1000, false}, {}, 12'000); }

BOOST_AUTO_TEST_CASE(in_rocksdb_with_duplicates) { run_persistent({600'000, 1000, true}, {}, 12'000); }

BOOST_AUTO_TEST_CASE(in_rocksdb_with_a_tier_that_holds_a_few_entries) {
  run_persistent({600'000, 1000, false}, {8u << 10, 64u << 10, 256u << 10}, 12'000);
}

BOOST_AUTO_TEST_CASE(in_rocksdb_with_duplicates_and_a_tier_that_holds_a_few_entries) {
  run_persistent({600'000, 1000, true}, {8u << 10, 64u << 10, 256u << 10}, 12'000);
}

BOOST_AUTO_TEST_CASE(in_rocksdb_without_any_tier) {
  run_persistent({200'000, 1000, false}, {0, 64u << 10, 256u << 10}, 6'000);
}

BOOST_AUTO_TEST_CASE(in_rocksdb_with_hardly_any_retention) { run_persistent({1, 1, false}, {}, 3'000); }

BOOST_AUTO_TEST_CASE(in_memory) {
  for (const bool duplicates : {false, true}) {
    BOOST_TEST_CONTEXT("duplicates " << duplicates) {
      const WindowStoreOptions options{600'000, 1000, duplicates};
      WindowStoreRun run(options, WindowOrder::by_start);
      run_on(run, *make_in_memory_window_store("windows", options), 12'000);
    }
  }
}

BOOST_AUTO_TEST_CASE(behind_a_cache) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  const WindowStoreOptions options{5'000'000, 1000, false};
  for (const std::size_t bytes : {1u << 20, 1'000u}) {
    for (const bool in_memory : {false, true}) {
      BOOST_TEST_CONTEXT("budget " << bytes << ", in memory " << in_memory) {
        WindowStoreRun run(options, in_memory ? WindowOrder::by_start : WindowOrder::by_segment, true);
        CacheBudget budget(bytes);
        FakeContexts contexts;
        const auto store = make_caching(in_memory ? make_in_memory_window_store("windows", options)
                                                  : database->window_store("windows" + std::to_string(bytes), options),
                                        budget, contexts);
        run_on(run, *store, 3'000, [&] { store->flush(); });
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
