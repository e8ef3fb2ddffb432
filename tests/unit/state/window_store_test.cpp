// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/random_source.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kEnd = std::numeric_limits<Timestamp>::max();

/// The same store in RocksDB and in memory.
struct BothStores {
  explicit BothStores(const WindowStoreOptions& options)
      : database(TaskDatabase::open(directory.path())),
        persistent(database->window_store("s", options)),
        in_memory(make_in_memory_window_store("s", options)) {}

  [[nodiscard]] std::vector<WindowBytesStore*> each() const { return {persistent.get(), in_memory.get()}; }

  TempDirectory directory;
  std::unique_ptr<TaskDatabase> database;
  std::unique_ptr<WindowBytesStore> persistent;
  std::unique_ptr<WindowBytesStore> in_memory;
};

std::string text(BytesView bytes) { return bytes ? std::string(*bytes) : "(none)"; }

std::string values(WindowBytesStore& store, std::string_view key, Timestamp from, Timestamp to) {
  std::string found;
  store.fetch_each(key, from, to, [&](Timestamp, std::string_view value) {
    found.append(found.empty() ? "" : " ").append(value);
    return true;
  });
  return found;
}

std::string values(WindowBytesIterator& it) {
  std::string found;
  for (; it.valid(); it.next()) found.append(found.empty() ? "" : " ").append(it.value());
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(WindowStores)

BOOST_AUTO_TEST_CASE(both_ends_of_a_lookup_are_inclusive) {
  const BothStores stores({600'000, 1000, false});
  for (WindowBytesStore* store : stores.each()) {
    for (const Timestamp start : {1000, 2000, 3000}) store->put("k", std::to_string(start), start);
    BOOST_TEST(values(*store, "k", 1000, 3000) == "1000 2000 3000");
    BOOST_TEST(values(*store, "k", 1001, 2999) == "2000");
    BOOST_TEST(values(*store, "k", -5000, 1000) == "1000");
    BOOST_TEST(values(*store, "k", 3001, kEnd) == "");
    BOOST_TEST(values(*store, "k", 3000, 1000) == "");
    BOOST_TEST(values(*store->fetch("k", 0, 2000, false)) == "2000 1000");
  }
}

BOOST_AUTO_TEST_CASE(an_entry_expires_when_stream_time_is_its_start_plus_retention) {
  const BothStores stores({10'000, 1000, false});
  for (WindowBytesStore* store : stores.each()) {
    store->put("k", "old", 1000);
    store->put("other", "x", 10'999);
    BOOST_TEST(text(store->fetch("k", 1000)) == "old");
    store->put("other", "x", 11'000);
    BOOST_TEST(text(store->fetch("k", 1000)) == "(none)");
    BOOST_TEST(values(*store, "k", 0, kEnd) == "");
    BOOST_TEST(values(*store->fetch_range(std::nullopt, std::nullopt, 0, kEnd, true)) == "x x");
    // A put of an expired entry is skipped and does not advance stream time.
    store->put("k", "late", 1000);
    BOOST_TEST(text(store->fetch("k", 1000)) == "(none)");
    store->put("k", "just", 1001);
    BOOST_TEST(text(store->fetch("k", 1001)) == "just");
    BOOST_TEST(store->observed_stream_time() == 11'000);
  }
}

BOOST_AUTO_TEST_CASE(duplicates_come_back_in_the_order_of_their_puts) {
  const BothStores stores({600'000, 1000, true});
  for (WindowBytesStore* store : stores.each()) {
    BOOST_TEST(store->put("k", "a", 2000) == Sequence(1));
    BOOST_TEST(store->put("k", "b", 1000) == Sequence(2));
    BOOST_TEST(store->put("k", std::nullopt, 2000) == Sequence(3));  // takes a sequence number, deletes nothing
    BOOST_TEST(store->put("k", "c", 2000) == Sequence(4));
    BOOST_TEST(values(*store, "k", 0, kEnd) == "b a c");
  }
}

BOOST_AUTO_TEST_CASE(advance_stream_time_on_a_null_put_where_java_does) {
  const BothStores with_duplicates({600'000, 1000, true});
  with_duplicates.persistent->put("k", std::nullopt, 5000);
  with_duplicates.in_memory->put("k", std::nullopt, 5000);
  BOOST_TEST(with_duplicates.persistent->observed_stream_time() == kNoTimestamp);
  BOOST_TEST(with_duplicates.in_memory->observed_stream_time() == 5000);
  const BothStores without({600'000, 1000, false});
  for (WindowBytesStore* store : without.each()) {
    store->put("k", std::nullopt, 5000);
    BOOST_TEST(store->observed_stream_time() == 5000);
  }
}

BOOST_AUTO_TEST_CASE(iterate_all_keys_by_segment_in_rocksdb_and_by_start_in_memory) {
  const BothStores stores({600'000, 1000, false});  // segments of 300,000 ms
  for (WindowBytesStore* store : stores.each()) {
    store->put("b", "b1", 1000);
    store->put("a", "a2", 2000);
    store->put("a", "a300", 300'000);
    store->put("b", "b299", 299'999);
    store->put("ab", "ab3", 3000);
  }
  // Within a segment, the order is that of the bytes `key + start`. The zero bytes of a start sort before the b of
  // "ab".
  BOOST_TEST(values(*stores.persistent->fetch_range(std::nullopt, std::nullopt, 0, kEnd, true)) ==
             "a2 ab3 b1 b299 a300");
  BOOST_TEST(values(*stores.persistent->fetch_range(std::nullopt, std::nullopt, 0, kEnd, false)) ==
             "a300 b299 b1 ab3 a2");
  BOOST_TEST(values(*stores.in_memory->fetch_range(std::nullopt, std::nullopt, 0, kEnd, true)) ==
             "b1 a2 ab3 b299 a300");
  BOOST_TEST(values(*stores.persistent->fetch_range("ab", std::nullopt, 0, 100'000, false)) == "b1 ab3");
  BOOST_TEST(values(*stores.in_memory->fetch_range("ab", std::nullopt, 0, 100'000, false)) == "ab3 b1");
  for (WindowBytesStore* store : stores.each()) {
    BOOST_TEST(values(*store->fetch_range("b", "a", 0, kEnd, true)) == "");
    BOOST_TEST(values(*store->fetch_range("ab", "ab", 3000, 3000, true)) == "ab3");
  }
}

BOOST_AUTO_TEST_CASE(a_walk_shows_the_store_as_it_was_when_it_began) {
  const BothStores stores({600'000, 1000, false});
  for (WindowBytesStore* store : stores.each()) {
    for (Timestamp start = 1; start <= 5; ++start) store->put("k", std::to_string(start), start * 1000);
    const auto it = store->fetch_range(std::nullopt, std::nullopt, 0, kEnd, true);
    store->put("k", std::nullopt, 2000);
    store->put("k", "new", 3000);
    store->put("k", "far", 900'000);  // everything else expires
    stores.database->commit({});
    BOOST_TEST(values(*it) == "1 2 3 4 5");
    BOOST_TEST(values(*store, "k", 0, kEnd) == "far");
  }
}

BOOST_AUTO_TEST_CASE(a_visitor_may_put_into_the_store_that_it_visits) {
  const BothStores stores({600'000, 1000, false});
  for (WindowBytesStore* store : stores.each()) {
    for (Timestamp start = 1; start <= 5; ++start) store->put("k", std::to_string(start), start * 1000);
    Timestamp last = 0;
    store->fetch_each("k", 0, 6000, [&](Timestamp start, std::string_view) {
      BOOST_TEST(start > last);
      last = start;
      for (int i = 0; i < 100; ++i) store->put("k" + std::to_string(i), std::string(100, 'x'), start);
      store->put("k", std::nullopt, start);  // deletes the entry being visited
      store->put("k", std::string(1000, 'y'), start - 500);
      if (start == 3000) store->put("k", "far", 900'000);  // everything else expires
      return true;
    });
    BOOST_TEST(last >= 3000);
    BOOST_TEST(values(*store, "k", 0, kEnd) == "far");
  }
}

BOOST_AUTO_TEST_CASE(keep_visited_entries_valid_under_memory_pressure) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path(), {64u << 10, 64u << 10, 256u << 10});
  const auto store = database->window_store("s", {600'000, 1000, false});
  const auto other = database->key_value_store("other");
  for (Timestamp start = 0; start < 300; ++start) store->put("k", std::string(100, 'x'), start);
  database->commit({});
  Timestamp next = 0;
  store->fetch_each("k", 0, kEnd, [&](Timestamp start, std::string_view value) {
    BOOST_TEST(start == next++);
    BOOST_TEST(value == std::string(100, 'x'));
    for (int i = 0; i < 10; ++i) other->put(std::to_string(start) + "." + std::to_string(i), std::string(1000, 'y'));
    return true;
  });
  BOOST_TEST(next == 300);
}

BOOST_AUTO_TEST_CASE(a_window_cannot_start_before_the_epoch) {
  const BothStores stores({600'000, 1000, false});
  for (WindowBytesStore* store : stores.each()) {
    BOOST_CHECK_THROW(store->put("k", "v", -1), ProcessorStateException);
  }
}

BOOST_AUTO_TEST_CASE(continue_duplicate_numbers_after_a_restart_and_a_restore) {
  // Java restarts at 1, so the second value would overwrite the first.
  const TempDirectory directory;
  const WindowStoreOptions options{600'000, 1000, true};
  {
    const auto database = TaskDatabase::open(directory.path());
    const auto store = database->window_store("s", options);
    store->put("k", "first", 1000);
    database->commit({});
  }
  const auto database = TaskDatabase::open(directory.path());
  const auto store = database->window_store("s", options);
  BOOST_TEST(store->put("k", "second", 1000) == Sequence(2));
  BOOST_TEST(values(*store, "k", 0, kEnd) == "first second");
  database->commit({});

  std::string key;
  formats::append_window_key(key, "k", 1000, Sequence(40));
  store->restore(std::vector<RestoreRecord>{{key, "restored", 0}});
  BOOST_TEST(store->put("k", "third", 1000) == Sequence(41));
  BOOST_TEST(values(*store, "k", 0, kEnd) == "first second restored third");
}

BOOST_AUTO_TEST_CASE(a_restore_deletes_a_duplicate_that_was_taken_back) {
  const BothStores stores({600'000, 1000, true});
  std::string first;
  formats::append_window_key(first, "k", 1000, Sequence(1));
  std::string second;
  formats::append_window_key(second, "k", 1000, Sequence(2));
  for (WindowBytesStore* store : stores.each()) {
    store->restore(std::vector<RestoreRecord>{{first, "a", 0}, {second, "b", 0}, {first, std::nullopt, 0}});
    BOOST_TEST(values(*store, "k", 0, kEnd) == "b");
    store->restore(std::vector<RestoreRecord>{{second, std::nullopt, 0}});
    BOOST_TEST(values(*store, "k", 0, kEnd) == "");
    BOOST_TEST(store->put("k", "c", 1000) == Sequence(3));
  }
}

BOOST_AUTO_TEST_CASE(expired_entries_leave_the_disk) {
  const TempDirectory directory;
  const WindowStoreOptions options{120'000, 1000, false};
  const auto bytes_on_disk = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
      std::error_code gone;  // a compaction may have removed the file
      if (file.path().extension() == ".sst") {
        if (const auto size = file.file_size(gone); !gone) bytes += size;
      }
    }
    return bytes;
  };
  auto database = TaskDatabase::open(directory.path());
  auto store = database->window_store("s", options);
  RandomSource random(1);
  const std::string value = [&] {
    std::string bytes(1000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.between(0, 255));
    return bytes;
  }();
  for (int i = 0; i < 2000; ++i) store->put(std::to_string(i), value, 1000 + i);
  database->commit({});
  database->flush();
  BOOST_TEST(bytes_on_disk() > 500'000u);
  // All entries expire. RocksDB drops them in the background when it writes new files.
  Timestamp now = 0;
  for (int i = 0; i < 2000 && bytes_on_disk() >= 100'000; ++i) {
    now = 600'000 + i * 1000;
    store->put("k", "v", now);
    database->commit({});
    database->flush();
  }
  BOOST_TEST(bytes_on_disk() < 100'000u);
  BOOST_TEST(text(store->fetch("k", now)) == "v");
  BOOST_TEST(values(*store, "1", 0, kEnd) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
