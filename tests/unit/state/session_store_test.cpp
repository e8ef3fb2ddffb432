// SPDX-License-Identifier: Apache-2.0
// Session stores: random operations compared with the model in session_model.hpp, and single rules.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "state/cache/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/cache_support.hpp"
#include "unit/state/session_model.hpp"
#include "unit/state/store_run.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();
constexpr std::int64_t kRetention = 150'000;  // segments of 75 seconds

/// Runs random operations on a session store and its model.
class SessionStoreRun : public StoreRun<SessionModel> {
 public:
  explicit SessionStoreRun(bool in_memory, std::int64_t retention_ms = kRetention, bool restores = true)
      : StoreRun(SessionModel(retention_ms, in_memory)), restores_(restores) {}

  void step(SessionBytesStore& store) {
    switch (random_.between(0, 9)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const std::string put_key = key();
        const Window put_session = session();
        const auto put_value = value();
        if (!put_value && random_.chance(50)) {
          store.remove(put_key, put_session);
          model_.remove(put_key, put_session);
          break;
        }
        store.put(put_key, put_session, viewed(put_value));
        model_.put(put_key, put_session, put_value);
        break;
      }
      case 4: {
        const std::string wanted = key();
        const Window wanted_session = session();
        const BytesView found = store.fetch_session(wanted, wanted_session);
        const auto expected = model_.fetch(wanted, wanted_session);
        BOOST_TEST_REQUIRE(found.has_value() == expected.has_value());
        if (found) BOOST_TEST_REQUIRE(std::string(*found) == *expected);
        break;
      }
      case 5:
      case 6: {
        const std::string wanted = key();
        const Timestamp earliest = time();
        const Timestamp latest = random_.chance(20) ? kMax : time();
        const bool forward = random_.chance(70);
        same(*store.find_sessions(wanted, {earliest, latest}, forward),
             model_.find(wanted, wanted, earliest, kMax, latest, forward));
        break;
      }
      case 7: {
        const auto end = [&] { return random_.chance(40) ? std::nullopt : std::optional(key()); };
        const auto from = end();
        const auto to = end();
        const Timestamp earliest = random_.chance(30) ? 0 : time();
        const Timestamp latest = random_.chance(30) ? kMax : time();
        const bool forward = random_.chance(70);
        same(*store.find_sessions_in_range(viewed(from), viewed(to), {earliest, latest}, forward),
             model_.find(from, to, earliest, kMax, latest, forward));
        break;
      }
      case 8: {
        const Timestamp earliest = time();
        const Timestamp latest = earliest + random_.between(0, 50'000);
        auto expected = model_.find(std::nullopt, std::nullopt, earliest, latest, kMax);
        if (store.persistent()) {
          std::sort(expected.begin(), expected.end(), [](const SessionRow& a, const SessionRow& b) {
            return std::tie(a.end, a.start, a.key) < std::tie(b.end, b.start, b.key);
          });
        }
        same(*store.find_sessions_by_end(earliest, latest), expected);
        break;
      }
      case 9: restore(store); break;
    }
  }

 private:
  static void same(SessionBytesIterator& found, const std::vector<SessionRow>& expected) {
    BOOST_TEST_REQUIRE(rows_of(found) == expected, boost::test_tools::per_element());
  }

  std::string key() {
    static const std::vector<std::string> kKeys{"", "a", "ab", "b", std::string("a\0", 2), "\xff", "abc"};
    return random_.pick(kKeys);
  }
  Timestamp time() {
    now_ += random_.between(0, 300);
    return std::max<Timestamp>(0, now_ - random_.between(0, random_.chance(5) ? 300'000 : 20'000)) / 1000 * 1000;
  }
  Window session() {
    const Timestamp end = time();
    return {std::max<Timestamp>(0, end - random_.between(0, 3) * 1000), end};
  }
  std::optional<std::string> value() {
    if (random_.chance(25)) return std::nullopt;
    return random_.bytes(random_.chance(3) ? 5000 : 30);
  }

  void restore(SessionBytesStore& store) {
    if (!restores_ || !random_.chance(10)) return;
    std::vector<std::pair<std::string, std::optional<std::string>>> changes;
    for (std::int64_t i = random_.between(0, 20); i > 0; --i) {
      const std::string restored_key = key();
      const Window restored = session();
      changes.emplace_back(std::string(), value());
      formats::append_session_key(changes.back().first, restored_key, restored);
      model_.put(restored_key, restored, changes.back().second);
    }
    std::vector<RestoreRecord> records;
    for (const auto& [bytes, change] : changes) records.push_back({bytes, viewed(change), 0});
    store.restore(records);
    restored_ = true;
  }

  bool restores_;
  Timestamp now_ = 20'000;
};

void run_persistent(const DatabaseOptions& options, int steps) {
  run_in_rocksdb(SessionStoreRun(false), options, steps,
                 [](TaskDatabase& database) { return database.session_store("visits", kRetention); });
}

// No session expires here, because a cache shows expired sessions until it is flushed.
void run_cached(std::unique_ptr<SessionBytesStore> below, std::size_t budget_bytes) {
  SessionStoreRun run(!below->persistent(), below->retention_ms(), false);
  CacheBudget budget(budget_bytes);
  FakeContexts contexts;
  const auto store = make_caching(std::move(below), budget, contexts);
  run_on(run, *store, 4'000, [&] { store->flush(); });
}

std::vector<std::unique_ptr<SessionBytesStore>> both(TaskDatabase& database) {
  std::vector<std::unique_ptr<SessionBytesStore>> stores;
  stores.push_back(database.session_store("s", kRetention));
  stores.push_back(make_in_memory_session_store("s", kRetention));
  return stores;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(SessionStores)

BOOST_AUTO_TEST_CASE(against_the_model_in_rocksdb) { run_persistent({}, 10'000); }
BOOST_AUTO_TEST_CASE(against_the_model_in_rocksdb_with_a_small_tier) {
  run_persistent({8u << 10, 64u << 10, 256u << 10}, 10'000);
}
BOOST_AUTO_TEST_CASE(against_the_model_in_memory) {
  SessionStoreRun run(true);
  run_on(run, *make_in_memory_session_store("visits", kRetention), 10'000);
}

BOOST_AUTO_TEST_CASE(against_the_model_behind_a_cache) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  run_cached(database->session_store("large", 1'500'000), 1u << 20);
  run_cached(database->session_store("small", 1'500'000), 1'000);
  run_cached(make_in_memory_session_store("small", 1'500'000), 1'000);
}

BOOST_AUTO_TEST_CASE(a_session_expires_when_stream_time_passed_its_end_by_the_retention) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  for (const auto& store : both(*database)) {
    store->put("a", {0, 1'000}, "old");
    store->put("b", {1'000 + kRetention - 1, 1'000 + kRetention - 1}, "new");
    BOOST_TEST(store->fetch_session("a", {0, 1'000}).has_value());
    store->put("b", {1'000 + kRetention, 1'000 + kRetention}, "new");
    BOOST_TEST(!store->fetch_session("a", {0, 1'000}).has_value());
    BOOST_TEST(!store->find_sessions("a", {0, kMax}, true)->valid());
    store->put("a", {0, 1'000}, "too late");
    BOOST_TEST(!store->fetch_session("a", {0, 1'000}).has_value());
    BOOST_TEST(store->observed_stream_time() == 1'000 + kRetention);
  }
}

BOOST_AUTO_TEST_CASE(removing_a_session_moves_the_stream_time_in_rocksdb_only) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  for (const auto& store : both(*database)) {
    store->put("a", {0, 1'000}, "old");
    store->remove("b", {1'000 + kRetention, 1'000 + kRetention});
    BOOST_TEST(store->fetch_session("a", {0, 1'000}).has_value() == !store->persistent());
    store->put("b", {1'000 + kRetention, 1'000 + kRetention}, std::nullopt);
    BOOST_TEST(!store->fetch_session("a", {0, 1'000}).has_value());
  }
}

// RocksDB orders sessions by the bytes `key + end + start`. If one key is a prefix of another, an end may be compared
// with a start.
BOOST_AUTO_TEST_CASE(iterate_keys_with_a_common_prefix_in_byte_order) {
  const std::string zero("a\0", 2);
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  for (const auto& store : both(*database)) {
    store->put("a", {5, 5}, "late start");
    store->put(zero, {0, 5 << 8}, "early start");
    const auto found = rows_of(*store->find_sessions_in_range(std::nullopt, std::nullopt, {0, kMax}, true));
    BOOST_TEST_REQUIRE(found.size() == 2u);
    BOOST_TEST(found.front().key == (store->persistent() ? zero : "a"));
  }
}

BOOST_AUTO_TEST_CASE(refuse_invalid_sessions) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  for (const auto& store : both(*database)) {
    BOOST_CHECK_THROW(store->put("a", {10, 9}, "x"), ProcessorStateException);
    BOOST_CHECK_THROW(store->put("a", {-1, 9}, "x"), ProcessorStateException);
    BOOST_CHECK_THROW(store->remove("a", {10, 9}), ProcessorStateException);
  }
}

BOOST_AUTO_TEST_CASE(start_empty_and_without_offset_if_the_store_had_another_kind) {
  const TempDirectory directory;
  {
    const auto database = TaskDatabase::open(directory.path());
    const auto store = database->window_store("s", {kRetention, 1'000, false});
    store->put("a", "x", 1'000);
    database->commit({{"s", {{{"app-s-changelog", 0}, Offset(7)}}}});
  }
  const auto database = TaskDatabase::open(directory.path());
  BOOST_TEST((database->position("s", {"app-s-changelog", 0}) == Offset(7)));
  const auto store = database->session_store("s", kRetention);
  BOOST_TEST(!database->position("s", {"app-s-changelog", 0}).has_value());
  BOOST_TEST(store->observed_stream_time() == kNoTimestamp);
  BOOST_TEST(!store->find_sessions_in_range(std::nullopt, std::nullopt, {0, kMax}, true)->valid());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
