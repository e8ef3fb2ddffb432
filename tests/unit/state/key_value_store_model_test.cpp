// SPDX-License-Identifier: Apache-2.0
// Random operations on key-value stores, compared with a std::map.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "millrace/state/detail/bytes_store.hpp"
#include "state/cache/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/bytes_support.hpp"
#include "unit/state/cache_support.hpp"
#include "unit/state/store_run.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

using Model = std::map<std::string, std::string>;
using Rows = std::vector<std::string>;

std::string row(std::string_view key, std::string_view value) { return hex(key) + "=" + hex(value); }

Rows rows_of(BytesIterator& it) {
  Rows rows;
  for (; it.valid(); it.next()) rows.push_back(row(it.key(), it.value()));
  return rows;
}

/// What an iterator shows of a store that is written during the iteration.
enum class WalksShow {
  what_was_there,  // the entries at the start of the iteration
  what_is_left,    // the remaining keys of that time, with their current values
  the_cache        // either of the two, for keys that are written
};

/// Runs random operations on a key-value store and its model.
class KeyValueStoreRun : public StoreRun<Model> {
 public:
  explicit KeyValueStoreRun(WalksShow walks, bool restores = true) : walks_(walks), restores_(restores) {}

  void step(KeyValueBytesStore& store) {
    switch (random_.between(0, 9)) {
      case 0:
      case 1:
      case 2: put(store); break;
      case 3:
      case 4:
      case 5: compare_get(store); break;
      case 6: compare_range(store); break;
      case 7: compare_prefix(store); break;
      case 8: write_while_walking(store); break;
      case 9: restore(store); break;
    }
  }

 private:
  std::string key() {
    static const std::vector<std::string> kOdd{"",         std::string("\0", 1),  "\xff",
                                               "\xff\xff", std::string("k\0", 2), "k"};
    if (random_.chance(10)) return random_.pick(kOdd);
    return "k" + std::to_string(random_.between(0, 300));
  }

  void set(const std::string& key, const std::optional<std::string>& value) {
    if (value) {
      model_[key] = *value;
    } else {
      model_.erase(key);
    }
  }

  std::optional<std::string> value() {
    if (random_.chance(20)) return std::nullopt;
    return random_.bytes(random_.chance(3) ? 5000 : 30);
  }

  void put(KeyValueBytesStore& store) {
    const std::string put_key = key();
    const auto put_value = value();
    store.put(put_key, viewed(put_value));
    set(put_key, put_value);
  }

  void compare_get(KeyValueBytesStore& store) {
    const std::string wanted = key();
    const BytesView found = store.get(wanted);
    const auto expected = model_.find(wanted);
    BOOST_TEST_REQUIRE(found.has_value() == (expected != model_.end()));
    if (found) BOOST_TEST_REQUIRE(std::string(*found) == expected->second);
  }

  Rows expected_rows(const std::function<bool(const std::string&)>& wanted, bool forward) const {
    Rows rows;
    for (const auto& [key, value] : model_) {
      if (wanted(key)) rows.push_back(row(key, value));
    }
    if (!forward) std::reverse(rows.begin(), rows.end());
    return rows;
  }

  void compare_range(KeyValueBytesStore& store) {
    const auto end = [&] { return random_.chance(30) ? std::nullopt : std::optional(key()); };
    const auto from = end();
    const auto to = end();
    const bool forward = random_.chance(50);
    const auto rows = rows_of(*store.range(viewed(from), viewed(to), forward));
    BOOST_TEST_REQUIRE(
        rows == expected_rows([&](const std::string& key) { return (!from || key >= *from) && (!to || key <= *to); },
                              forward),
        boost::test_tools::per_element());
  }

  void compare_prefix(KeyValueBytesStore& store) {
    std::string prefix = key();
    prefix.resize(std::min<std::size_t>(prefix.size(), 2));
    const auto rows = rows_of(*store.prefix_scan(prefix));
    BOOST_TEST_REQUIRE(rows == expected_rows([&](const std::string& key) { return key.starts_with(prefix); }, true),
                       boost::test_tools::per_element());
  }

  void write_while_walking(KeyValueBytesStore& store) {
    const bool forward = random_.chance(50);
    const Model before = model_;
    std::vector<std::string> expected;
    for (const auto& [key, value] : before) expected.push_back(key);
    if (!forward) std::reverse(expected.begin(), expected.end());
    std::set<std::string> touched;
    std::optional<std::string> last;
    auto next = expected.begin();
    const auto may_be_missing = [&](const std::string& key) {
      switch (walks_) {
        case WalksShow::what_was_there: return false;
        case WalksShow::what_is_left: return !model_.contains(key);
        case WalksShow::the_cache: return touched.contains(key);
      }
      return true;
    };
    for (auto it = store.range(std::nullopt, std::nullopt, forward); it->valid(); it->next()) {
      const std::string key(it->key());
      BOOST_TEST_REQUIRE((!last || (forward ? *last < key : *last > key)));
      last = key;
      // A key that was deleted in the cache and is put again is shown.
      const bool returned = walks_ == WalksShow::the_cache && !before.contains(key) && touched.contains(key);
      if (!returned) {
        next =
            std::find_if_not(next, expected.end(), [&](const auto& one) { return one != key && may_be_missing(one); });
        BOOST_TEST_REQUIRE((next != expected.end() && *next == key));
        ++next;
        const Model& values = walks_ == WalksShow::what_is_left ? model_ : before;
        if (walks_ != WalksShow::the_cache || !touched.contains(key)) {
          BOOST_TEST_REQUIRE((it->value() == values.at(key)));
        }
      }
      if (!random_.chance(10)) continue;
      const std::string written = random_.chance(50) ? key : this->key();
      const auto change = value();
      store.put(written, viewed(change));
      set(written, change);
      touched.insert(written);
    }
    BOOST_TEST_REQUIRE((std::find_if_not(next, expected.end(), may_be_missing) == expected.end()));
  }

  void restore(KeyValueBytesStore& store) {
    if (!restores_ || !random_.chance(10)) return;
    std::vector<std::pair<std::string, std::optional<std::string>>> changes;
    for (std::int64_t i = random_.between(0, 20); i > 0; --i) changes.emplace_back(key(), value());
    std::vector<RestoreRecord> records;
    for (const auto& [key, change] : changes) {
      records.push_back({key, viewed(change), 0});
      set(key, change);
    }
    store.restore(records);
    restored_ = true;
  }

  WalksShow walks_;
  bool restores_;
};

void run_persistent(const DatabaseOptions& options, int steps) {
  run_in_rocksdb(KeyValueStoreRun(WalksShow::what_was_there), options, steps,
                 [](TaskDatabase& database) { return database.key_value_store("counts"); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(KeyValueStoresAgainstTheModel)

BOOST_AUTO_TEST_CASE(in_rocksdb_with_everything_in_the_tier) { run_persistent({}, 10'000); }

BOOST_AUTO_TEST_CASE(in_rocksdb_with_a_tier_that_holds_a_few_entries) {
  run_persistent({8u << 10, 64u << 10, 256u << 10}, 10'000);
}

BOOST_AUTO_TEST_CASE(in_rocksdb_without_any_tier) { run_persistent({0, 64u << 10, 256u << 10}, 5'000); }

BOOST_AUTO_TEST_CASE(in_memory) {
  KeyValueStoreRun run(WalksShow::what_is_left);
  run_on(run, *make_in_memory_key_value_store("counts"), 10'000);
}

BOOST_AUTO_TEST_CASE(behind_a_cache) {
  const TempDirectory directory;
  const auto database = TaskDatabase::open(directory.path());
  for (const std::size_t bytes : {1u << 20, 20'000u, 500u}) {
    BOOST_TEST_CONTEXT("budget " << bytes) {
      KeyValueStoreRun run(WalksShow::the_cache, false);
      CacheBudget budget(bytes);
      FakeContexts contexts;
      const auto store = make_caching(database->key_value_store("counts" + std::to_string(bytes)), budget, contexts);
      run_on(run, *store, 4'000, [&] {
        store->flush();
        database->commit({});
      });
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
