// SPDX-License-Identifier: Apache-2.0
// A damaged data block in RocksDB's files. RocksDB finds the damage only when it reads the block, not when it opens the
// database.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "state/task_database.hpp"
#include "support/damaged_tables.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {
namespace {

using S = std::string;

constexpr int kRows = 4'000;
const TopicPartition kChangelog{"app-rows-changelog", 0};

S key(int i) {
  char text[16];
  std::snprintf(text, sizeof text, "key-%06d", i);
  return text;
}
/// Values that do not compress well.
S value(int i) {
  S text;
  for (unsigned x = static_cast<unsigned>(i) + 1; text.size() < 40; x = x * 1664525u + 1013904223u) {
    text += std::to_string(x);
  }
  return text;
}

/// A database whose stores have a damaged block.
struct Fixture {
  Fixture() {
    auto database = TaskDatabase::open(directory.path());
    auto rows = database->key_value_store("rows");
    auto windows = database->window_store("windows", {600'000, 1000, false});
    auto sessions = database->session_store("sessions", 600'000);
    auto versions = database->versioned_store("versions", 600'000);
    for (int i = 0; i < kRows; ++i) {
      rows->put(key(i), value(i));
      windows->put(key(i), value(i), 1000);
      sessions->put(key(i), {1000, 2000}, value(i));
      (void)versions->put(key(i), value(i), 1000);
    }
    database->commit({{"rows", {{kChangelog, Offset(kRows)}}}});
    database->flush();
    // The database is closed before the damage, because RocksDB may keep blocks in memory.
    versions.reset();
    sessions.reset();
    windows.reset();
    rows.reset();
    database.reset();
    BOOST_REQUIRE_EQUAL(damage_tables(directory.path()), 4);
  }

  [[nodiscard]] std::unique_ptr<TaskDatabase> open() const { return TaskDatabase::open(directory.path()); }
  [[nodiscard]] bool names_it(const StateCorruptedException& error) const {
    return error.directory() == directory.path() && S(error.what()).find(directory.path().string()) != S::npos;
  }
  template <class F>
  void check_found(F&& by) {
    BOOST_CHECK_EXCEPTION(by(), StateCorruptedException, [this](const auto& error) { return names_it(error); });
  }
  template <class Iterator>
  static int walk(Iterator& it) {
    int rows = 0;
    for (; it.valid(); it.next()) ++rows;
    return rows;
  }

  const TempDirectory directory;
};

BOOST_FIXTURE_TEST_SUITE(LateDamage, Fixture)

BOOST_AUTO_TEST_CASE(is_not_found_when_the_database_is_opened) {
  const auto database = open();
  BOOST_CHECK(database->position("rows", kChangelog).value() == Offset(kRows));
  const auto rows = database->key_value_store("rows");
  BOOST_CHECK(rows->get(key(0)).value() == value(0));
  BOOST_CHECK(rows->get(key(kRows - 1)).value() == value(kRows - 1));
}

BOOST_AUTO_TEST_CASE(is_found_by_a_lookup) {
  const auto database = open();
  const auto rows = database->key_value_store("rows");
  const auto windows = database->window_store("windows", {600'000, 1000, false});
  const auto sessions = database->session_store("sessions", 600'000);
  const auto versions = database->versioned_store("versions", 600'000);
  check_found([&] {
    for (int i = 0; i < kRows; ++i) (void)rows->get(key(i));
  });
  check_found([&] {
    for (int i = 0; i < kRows; ++i) (void)windows->fetch(key(i), 1000);
  });
  check_found([&] {
    for (int i = 0; i < kRows; ++i) (void)sessions->fetch_session(key(i), {1000, 2000});
  });
  check_found([&] {
    for (int i = 0; i < kRows; ++i) (void)versions->get(key(i));
  });
}

BOOST_AUTO_TEST_CASE(is_found_by_a_walk_and_does_not_end_it) {
  const auto database = open();
  const auto rows = database->key_value_store("rows");
  const auto windows = database->window_store("windows", {600'000, 1000, false});
  const auto sessions = database->session_store("sessions", 600'000);
  for (const bool forward : {true, false}) {
    check_found([&] { (void)walk(*rows->range(std::nullopt, std::nullopt, forward)); });
    check_found([&] { (void)walk(*windows->fetch_range(std::nullopt, std::nullopt, 0, 2000, forward)); });
    check_found([&] { (void)walk(*sessions->find_sessions_in_range(std::nullopt, std::nullopt, {}, forward)); });
  }
}

BOOST_AUTO_TEST_CASE(is_found_by_readers_of_the_last_commit) {
  const auto database = open();
  const auto rows = database->key_value_store("rows");
  const auto reader = database->committed_key_value("rows");
  check_found([&] {
    for (int i = 0; i < kRows; ++i) (void)reader->get(key(i));
  });
}

// RocksDB compacts files in the background. After a compaction has found damage, the database refuses all writes.
BOOST_AUTO_TEST_CASE(is_found_by_a_compaction_and_told_at_a_commit) {
  const auto database = open();
  const auto rows = database->key_value_store("rows");
  check_found([&] {
    // RocksDB stops writes and waits for a compaction long before there are 200 files.
    for (int i = 0; i < 200; ++i) {
      rows->put(key(0), "a");
      rows->put(key(kRows - 1), "z");
      database->commit({});
      database->flush();
    }
  });
}

BOOST_AUTO_TEST_CASE(is_found_by_a_compaction_and_told_at_a_restore) {
  const auto database = open();
  const auto rows = database->key_value_store("rows");
  const S first = key(0), last = key(kRows - 1);
  const std::vector<RestoreRecord> records{{first, "a", 1, nullptr}, {last, "z", 1, nullptr}};
  check_found([&] {
    for (int i = 0; i < 200; ++i) {
      rows->restore(records);
      database->commit({});
      database->flush();
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
