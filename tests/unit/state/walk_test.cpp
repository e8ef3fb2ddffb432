// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "state/cache/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/cache_support.hpp"
#include "unit/state/temp_directory.hpp"

// What an iterator shows of a store that is written during the iteration, for each kind of store.

namespace millrace::detail {

namespace {

/// What stores need: a database, a cache budget and record contexts.
struct Place {
  TempDirectory directory;
  std::unique_ptr<TaskDatabase> database = TaskDatabase::open(directory.path());
  CacheBudget budget{1u << 20};
  FakeContexts contexts;
};

/// Any kind of store, reduced to keys: all windows and sessions have the same time.
class Walked {
 public:
  virtual ~Walked() = default;
  virtual void put(std::string_view key, BytesView value) = 0;
  [[nodiscard]] virtual std::unique_ptr<BytesIterator> walk(bool forward) = 0;
  virtual void flush() = 0;
};

template <class Store>
class WalkedStore final : public Walked {
 public:
  explicit WalkedStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  void put(std::string_view key, BytesView value) override {
    if constexpr (std::is_same_v<Store, WindowBytesStore>) {
      store_->put(key, value, kTime);
    } else if constexpr (std::is_same_v<Store, SessionBytesStore>) {
      store_->put(key, {kTime, kTime}, value);
    } else {
      store_->put(key, value);
    }
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> walk(bool forward) override {
    if constexpr (std::is_same_v<Store, WindowBytesStore>) {
      return store_->fetch_range(std::nullopt, std::nullopt, 0, kTime, forward);
    } else if constexpr (std::is_same_v<Store, SessionBytesStore>) {
      return store_->find_sessions_in_range(std::nullopt, std::nullopt, {0, kTime}, forward);
    } else {
      return store_->range(std::nullopt, std::nullopt, forward);
    }
  }
  void flush() override { store_->flush(); }

 private:
  static constexpr Timestamp kTime = 1000;
  std::unique_ptr<Store> store_;
};

template <class Store>
std::unique_ptr<Walked> walked(std::unique_ptr<Store> store) {
  return std::make_unique<WalkedStore<Store>>(std::move(store));
}

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Walked>(Place&)> make;
  /// Whether an iterator that has shown the first of four entries shows later changes: overwrites of the second and
  /// third entry and the deletion of the fourth. If false, it shows the entries as they were.
  bool shows_changes;
};

template <class Store>
Kind cached(std::string name, std::function<std::unique_ptr<Store>(Place&)> below) {
  return {std::move(name) + " behind a cache",
          [below = std::move(below)](Place& place) {
            return walked(make_caching(below(place), place.budget, place.contexts));
          },
          true};
}

std::vector<Kind> kinds() {
  const WindowStoreOptions windows{600'000, 1000, false};
  const auto rocks_keys = [](Place& place) { return place.database->key_value_store("s"); };
  const auto memory_keys = [](Place&) { return make_in_memory_key_value_store("s"); };
  const auto rocks_windows = [=](Place& place) { return place.database->window_store("s", windows); };
  const auto memory_windows = [=](Place&) { return make_in_memory_window_store("s", windows); };
  const auto rocks_sessions = [](Place& place) { return place.database->session_store("s", 600'000); };
  const auto memory_sessions = [](Place&) { return make_in_memory_session_store("s", 600'000); };
  return {
      {"keys in RocksDB", [=](Place& place) { return walked(rocks_keys(place)); }, false},
      {"keys in memory", [=](Place& place) { return walked(memory_keys(place)); }, true},
      {"an LRU map", [](Place&) { return walked(make_in_memory_lru_store("s", 100)); }, false},
      {"windows in RocksDB", [=](Place& place) { return walked(rocks_windows(place)); }, false},
      {"windows in memory", [=](Place& place) { return walked(memory_windows(place)); }, false},
      {"sessions in RocksDB", [=](Place& place) { return walked(rocks_sessions(place)); }, false},
      {"sessions in memory", [=](Place& place) { return walked(memory_sessions(place)); }, false},
      cached<KeyValueBytesStore>("keys in RocksDB", rocks_keys),
      cached<KeyValueBytesStore>("keys in memory", memory_keys),
      cached<WindowBytesStore>("windows in RocksDB", rocks_windows),
      cached<WindowBytesStore>("windows in memory", memory_windows),
      cached<SessionBytesStore>("sessions in RocksDB", rocks_sessions),
      cached<SessionBytesStore>("sessions in memory", memory_sessions),
  };
}

const std::vector<std::string> kKeys{"b", "d", "f", "h"};

/// An iteration over b, d, f and h in a store of some kind, forward or backward. All values are 1.
struct Situation {
  Situation(const Kind& kind, bool forward, bool committed)
      : store(kind.make(place)), keys(forward ? kKeys : std::vector<std::string>(kKeys.rbegin(), kKeys.rend())) {
    place.contexts.at(1, 10);
    for (const std::string& key : kKeys) store->put(key, "1");
    if (committed) commit();
    walk = store->walk(forward);
  }

  void commit() {
    store->flush();
    place.database->commit({});
  }
  /// The next entry, read as the iterators of the typed stores read it. Empty: there is none.
  std::string next() {
    if (std::exchange(shown_, false)) walk->next();
    if (!walk->valid()) return "";
    shown_ = true;
    return std::string(walk->key()) + "=" + std::string(walk->value());
  }
  std::string rest() {
    std::string all;
    for (std::string entry = next(); !entry.empty(); entry = next()) all += entry + " ";
    return all;
  }

  Place place;
  std::unique_ptr<Walked> store;
  std::vector<std::string> keys;  // in the order of the walk
  std::unique_ptr<BytesIterator> walk;

 private:
  bool shown_ = false;
};

/// Calls `test` for each kind of store in both directions, with committed and with uncommitted entries.
template <class Test>
void in_each_situation(Test test) {
  for (const Kind& kind : kinds()) {
    for (const bool forward : {true, false}) {
      for (const bool committed : {true, false}) {
        BOOST_TEST_CONTEXT(kind.name << (forward ? ", forward" : ", backward") << (committed ? ", committed" : "")) {
          Situation situation(kind, forward, committed);
          test(situation, kind);
        }
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Iterators)

BOOST_AUTO_TEST_CASE(show_no_new_keys_on_either_side) {
  in_each_situation([](Situation& at, const Kind&) {
    for (const std::string& key : at.keys) {
      BOOST_TEST(at.next() == key + "=1");
      for (const char* added : {"a", "c", "e", "g", "i"}) at.store->put(added, "2");
    }
    BOOST_TEST(at.next() == "");
  });
}

BOOST_AUTO_TEST_CASE(show_changes_ahead_as_java_does) {
  in_each_situation([](Situation& at, const Kind& kind) {
    BOOST_TEST(at.next() == at.keys[0] + "=1");
    at.store->put(at.keys[1], "2");
    at.store->put(at.keys[2], "2");
    at.store->put(at.keys[3], std::nullopt);
    const std::string changed = at.keys[1] + "=2 " + at.keys[2] + "=2 ";
    const std::string unchanged = at.keys[1] + "=1 " + at.keys[2] + "=1 " + at.keys[3] + "=1 ";
    BOOST_TEST(at.rest() == (kind.shows_changes ? changed : unchanged));
  });
}

BOOST_AUTO_TEST_CASE(continue_when_the_current_entry_is_deleted) {
  in_each_situation([](Situation& at, const Kind&) {
    for (const std::string& key : at.keys) {
      BOOST_TEST(at.next() == key + "=1");
      at.store->put(key, std::nullopt);
    }
    BOOST_TEST(at.next() == "");
  });
}

BOOST_AUTO_TEST_CASE(continue_across_commits) {
  in_each_situation([](Situation& at, const Kind& kind) {
    BOOST_TEST(at.next() == at.keys[0] + "=1");
    at.store->put(at.keys[0], "2");
    at.store->put(at.keys[3], "2");
    at.store->put("e", "2");
    at.commit();
    BOOST_TEST(at.next() == at.keys[1] + "=1");
    at.commit();
    BOOST_TEST(at.rest() == at.keys[2] + "=1 " + at.keys[3] + (kind.shows_changes ? "=2 " : "=1 "));
  });
}

BOOST_AUTO_TEST_CASE(show_a_key_deleted_and_put_again_in_memory) {
  const auto store = make_in_memory_key_value_store("s");
  for (const std::string& key : kKeys) store->put(key, "1");
  const auto walk = store->range(std::nullopt, std::nullopt);
  BOOST_TEST_REQUIRE(walk->valid());
  store->put("b", std::nullopt);  // the iterator is at b, but b has not been read
  store->put("f", std::nullopt);
  store->put("a", "new");
  store->put("b", "again");
  store->put("f", "again");
  std::string all;
  for (; walk->valid(); walk->next()) all += std::string(walk->key()) + "=" + std::string(walk->value()) + " ";
  BOOST_TEST(all == "b=again d=1 f=again h=1 ");
}

BOOST_AUTO_TEST_CASE(find_evicted_entries_below_a_cache) {
  for (const bool persistent : {true, false}) {
    BOOST_TEST_CONTEXT((persistent ? "RocksDB" : "memory")) {
      Place place;
      place.contexts.at(1, 10);
      CacheBudget budget(2'000);
      const auto store =
          make_caching(persistent ? place.database->key_value_store("s") : make_in_memory_key_value_store("s"), budget,
                       place.contexts);
      for (const char* key : {"b", "d"}) store->put(key, "1");
      store->flush();
      store->put("d", "2");
      store->put("f", "2");
      const auto walk = store->range(std::nullopt, std::nullopt);
      BOOST_TEST_REQUIRE(walk->valid());
      BOOST_TEST(walk->key() == "b");
      for (int i = 0; i < 40; ++i) store->put("x" + std::to_string(i), "evicts what was there before");
      std::string rest;
      for (walk->next(); walk->valid(); walk->next()) {
        rest += std::string(walk->key()) + "=" + std::string(walk->value()) + " ";
      }
      BOOST_TEST(rest == "d=2 f=2 ");
    }
  }
}

BOOST_AUTO_TEST_CASE(end_when_the_database_closes) {
  Place place;
  const auto keys = place.database->key_value_store("keys");
  const auto windows = place.database->window_store("windows", {600'000, 1000, false});
  for (const std::string& key : kKeys) {
    keys->put(key, "1");
    windows->put(key, "1", 1000);
  }
  place.database->commit({});
  const auto walk = keys->range(std::nullopt, std::nullopt);
  const auto window_walk = windows->fetch_range(std::nullopt, std::nullopt, 0, 1000, true);
  BOOST_TEST(walk->valid());
  BOOST_TEST(window_walk->valid());
  place.database.reset();
  for (BytesIterator* it : {walk.get(), static_cast<BytesIterator*>(window_walk.get())}) {
    BOOST_TEST(!it->valid());
    it->next();
    BOOST_TEST(!it->valid());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
