// SPDX-License-Identifier: Apache-2.0
// The record cache of one store: order of changes, eviction, memory accounting.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "state/cache/named_cache.hpp"
#include "unit/state/cache_support.hpp"

namespace millrace::detail {

namespace {

using Texts = std::vector<std::string>;

/// A cache with a budget of `limit` bytes. The current record has offset 1 and timestamp 10.
struct Cache {
  explicit Cache(std::size_t limit) : budget(limit) { contexts.at(1, 10); }

  void put(std::string_view key, BytesView value) { cache.put(key, value); }
  [[nodiscard]] bool has(std::string_view key) const { return cache.peek(key) != nullptr; }
  /// Takes the next batch, as `key=value@timestamp`.
  [[nodiscard]] Texts take() {
    Texts taken;
    for (const CacheChange& change : cache.take_changes()) {
      taken.push_back(change.key + "=" + change.value.value_or("null") + "@" +
                      std::to_string(change.context.timestamp));
    }
    return taken;
  }
  [[nodiscard]] Texts take_all() {
    cache.begin_taking();
    Texts all;
    for (Texts some = take(); !some.empty(); some = take()) all.insert(all.end(), some.begin(), some.end());
    return all;
  }

  CacheBudget budget;
  FakeContexts contexts;
  NamedCache cache{budget, contexts};
};

/// The bytes that a cache counts for these entries if none of them has changed.
std::size_t bytes_of(const Texts& keys) {
  Cache cache(1u << 20);
  for (const std::string& key : keys) cache.cache.put_clean(key, "1");
  return cache.budget.used();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(NamedCaches)

BOOST_AUTO_TEST_CASE(changes_leave_in_the_order_of_their_last_update) {
  Cache cache(10'000);
  cache.put("a", "1");
  cache.put("b", "2");
  cache.put("c", "3");
  cache.contexts.at(2, 20);
  cache.put("a", "4");
  BOOST_TEST(cache.cache.get("b") != nullptr);  // no update
  BOOST_TEST(cache.take_all() == (Texts{"b=2@10", "c=3@10", "a=4@20"}), boost::test_tools::per_element());
  BOOST_TEST(cache.take_all().empty());
  BOOST_TEST(cache.has("a"));
}

BOOST_AUTO_TEST_CASE(drop_a_deleted_entry_once_it_is_taken) {
  Cache cache(10'000);
  cache.put("a", std::nullopt);
  BOOST_TEST_REQUIRE(cache.has("a"));
  BOOST_TEST(!cache.cache.get("a")->has_value());
  BOOST_TEST(cache.take_all() == Texts{"a=null@10"}, boost::test_tools::per_element());
  BOOST_TEST(!cache.has("a"));
}

BOOST_AUTO_TEST_CASE(emit_changes_made_during_a_flush_once) {
  Cache cache(1u << 20);
  const std::string large(70'000, 'x');  // fills a batch alone
  cache.put("a", large);
  cache.put("b", "2");
  cache.put("c", "3");
  cache.cache.begin_taking();
  BOOST_TEST(cache.take() == (Texts{"a=" + large + "@10"}), boost::test_tools::per_element());
  cache.contexts.at(2, 20);
  cache.put("b", "5");  // not taken yet: leaves with the new value
  cache.put("a", "6");  // taken already: leaves the next time
  cache.put("d", "7");
  BOOST_TEST(cache.take() == (Texts{"b=5@20", "c=3@10"}), boost::test_tools::per_element());
  BOOST_TEST(cache.take().empty());
  BOOST_TEST(cache.take_all() == (Texts{"a=6@20", "d=7@20"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(evict_the_least_recently_used_entries) {
  Cache cache(bytes_of({"a", "b", "c"}));
  for (const char* key : {"a", "b", "c"}) cache.cache.put_clean(key, "1");
  BOOST_TEST(cache.cache.make_room());
  BOOST_TEST(cache.has("a"));
  BOOST_TEST(cache.cache.get("a") != nullptr);   // counts as use
  BOOST_TEST(cache.cache.peek("b") != nullptr);  // does not count as use
  cache.cache.put_clean("d", "1");
  BOOST_TEST(cache.cache.make_room());
  BOOST_TEST(!cache.has("b"));
  BOOST_TEST(cache.has("a"));
  BOOST_TEST(cache.has("d"));
  BOOST_TEST(!cache.budget.exceeded());
}

BOOST_AUTO_TEST_CASE(do_not_evict_changed_entries_before_they_are_taken) {
  Cache cache(1);
  cache.put("a", "1");
  cache.put("b", "2");
  BOOST_TEST(!cache.cache.make_room());
  BOOST_TEST(cache.has("a"));
  BOOST_TEST(cache.take_all() == (Texts{"a=1@10", "b=2@10"}), boost::test_tools::per_element());
  BOOST_TEST(cache.cache.make_room());
  BOOST_TEST(!cache.has("a"));
  BOOST_TEST(!cache.has("b"));
}

BOOST_AUTO_TEST_CASE(count_bytes_of_keys_values_headers_and_raw_records) {
  Cache cache(1u << 20);
  const auto grows_by = [&cache](std::string_view key, BytesView value) {
    const std::size_t before = cache.budget.used();
    cache.put(key, value);
    return cache.budget.used() - before;
  };
  const std::size_t small = grows_by("a", "1");
  BOOST_TEST(small >= 100u);  // the entry alone
  BOOST_TEST(grows_by(std::string(1'000, 'k'), "1") >= 1'000u);
  BOOST_TEST(grows_by("b", std::string(2'000, 'v')) >= 2'000u);
  cache.contexts.now.headers.add("trace", std::string(3'000, 'h'));
  BOOST_TEST(grows_by("c", "1") >= 3'000u);
  cache.contexts.at(1, 10);
  cache.contexts.now.raw = std::make_unique<KeptContext::Raw>();
  cache.contexts.now.raw->value.emplace(4'000, 'r');
  BOOST_TEST(grows_by("d", "1") >= 4'000u);
}

BOOST_AUTO_TEST_CASE(drop_the_context_of_taken_entries) {
  Cache cache(1u << 20);
  cache.contexts.now.raw = std::make_unique<KeptContext::Raw>();
  cache.contexts.now.raw->value.emplace(4'000, 'r');
  cache.put("a", "1");
  BOOST_TEST(cache.budget.used() >= 4'000u);
  BOOST_TEST(cache.take_all().size() == 1u);
  BOOST_TEST(cache.has("a"));
  BOOST_TEST(cache.budget.used() < 1'000u);
}

BOOST_AUTO_TEST_CASE(return_their_bytes_when_they_end) {
  CacheBudget budget(10'000);
  FakeContexts contexts;
  {
    NamedCache cache(budget, contexts);
    cache.put("a", "1");
    BOOST_TEST(cache.keys(std::nullopt, std::nullopt, true).size() == 1u);
    BOOST_TEST(budget.used() > 0u);
  }
  BOOST_TEST(budget.used() == 0u);
}

BOOST_AUTO_TEST_CASE(count_the_index_while_iterators_use_it) {
  Cache cache(10'000);
  cache.put("a", "1");
  const std::size_t without = cache.budget.used();
  BOOST_TEST(cache.cache.keys(std::nullopt, std::nullopt, true).size() == 1u);
  BOOST_TEST(cache.budget.used() > without);
  cache.cache.tidy();
  BOOST_TEST(cache.budget.used() > without);
  cache.cache.tidy();
  BOOST_TEST(cache.budget.used() == without);
}

BOOST_AUTO_TEST_CASE(iterate_keys_in_order_even_those_added_later) {
  Cache cache(10'000);
  cache.put("c", "1");
  cache.put("a", "1");
  BOOST_TEST(cache.cache.keys(std::nullopt, std::nullopt, true) == (Texts{"a", "c"}), boost::test_tools::per_element());
  cache.put("b", "1");
  cache.put("a", std::nullopt);
  BOOST_TEST(cache.cache.keys("a", "c", false) == (Texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(cache.take_all().size() == 3u);
  BOOST_TEST(cache.cache.keys("a", "c", true) == (Texts{"b", "c"}), boost::test_tools::per_element());
  BOOST_TEST((cache.cache.first_from("bb") == "c"));
  BOOST_TEST(!cache.cache.first_from("d").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
