#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>
#include <vector>

#include "state/cache/named_cache.hpp"
#include "unit/state/cache_support.hpp"

namespace millrace::detail {

namespace {

using Texts = std::vector<std::string>;

/// A cache that notes what leaves it.
struct Cache {
  explicit Cache(std::size_t limit) : budget(limit) { contexts.at(1, 10); }

  void put(std::string_view key, BytesView value) { cache.put(key, value); }
  [[nodiscard]] bool has(std::string_view key) { return cache.get(key) != nullptr; }
  [[nodiscard]] Texts take() { return std::exchange(left, {}); }

  CacheBudget budget;
  FakeContexts contexts;
  Texts left;
  std::function<void(const NamedCache::Entry&)> meanwhile = [](const auto&) {};
  NamedCache cache{
      budget, contexts, [this](const NamedCache::Entry& entry) {
        left.push_back(entry.key + "=" + entry.value.value_or("null") + "@" + std::to_string(entry.context.timestamp));
        meanwhile(entry);
      }};
};

// One letter as key and value, a record of topic "in" without headers.
constexpr std::size_t kOne = 1 + 24 + 1 + 1 + 20 + 2;

}  // namespace

BOOST_AUTO_TEST_SUITE(NamedCaches)

BOOST_AUTO_TEST_CASE(entries_leave_in_the_order_of_their_last_update) {
  Cache cache(10'000);
  cache.put("a", "1");
  cache.put("b", "2");
  cache.put("c", "3");
  cache.contexts.at(2, 20);
  cache.put("a", "4");
  BOOST_TEST(cache.has("b"));  // reading changes nothing
  cache.cache.flush();
  BOOST_TEST(cache.take() == (Texts{"b=2@10", "c=3@10", "a=4@20"}), boost::test_tools::per_element());
  cache.cache.flush();
  BOOST_TEST(cache.take().empty());
  BOOST_TEST(cache.has("a"));
}

BOOST_AUTO_TEST_CASE(bytes_are_counted_as_in_java) {
  Cache cache(10'000);
  cache.contexts.now.topic = "topic";
  cache.contexts.now.headers = Headers{{"name", "value"}, {"none", std::nullopt}};
  cache.put("key", "12345");
  BOOST_TEST(cache.budget.used() == 3u + 24 + 1 + 5 + 20 + 5 + 9 + 4);
  cache.put("key", std::nullopt);
  BOOST_TEST(cache.budget.used() == 3u + 24 + 1 + 20 + 5 + 9 + 4);
  cache.cache.flush();
  BOOST_TEST(cache.budget.used() == 0);  // what is deleted leaves the cache
  cache.cache.put_clean("key", "12345");
  BOOST_TEST(cache.budget.used() == 3u + 24 + 1 + 5 + 20);
}

BOOST_AUTO_TEST_CASE(values_that_are_longer_in_java_count_as_there) {
  CacheBudget budget(10'000);
  FakeContexts contexts;
  contexts.at(1, 10);
  NamedCache cache(
      budget, contexts, [](const NamedCache::Entry&) {}, 1);
  cache.put("a", "1");
  BOOST_TEST(budget.used() == static_cast<std::int64_t>(kOne + 1));
  cache.put("a", std::nullopt);
  BOOST_TEST(budget.used() == static_cast<std::int64_t>(kOne - 1));
}

BOOST_AUTO_TEST_CASE(over_the_budget_the_least_recently_used_entry_goes_first_and_then_all_changed_ones) {
  Cache cache(3 * kOne);
  cache.put("a", "1");
  cache.put("b", "2");
  cache.put("c", "3");
  BOOST_TEST(cache.has("a"));  // so that b is the least recently used
  BOOST_TEST(cache.take().empty());
  cache.put("d", "4");
  BOOST_TEST(cache.take() == (Texts{"b=2@10", "a=1@10", "c=3@10", "d=4@10"}), boost::test_tools::per_element());
  BOOST_TEST(!cache.has("b"));
  BOOST_TEST(cache.has("a"));
  BOOST_TEST(cache.has("c"));
  BOOST_TEST(cache.has("d"));
}

BOOST_AUTO_TEST_CASE(unchanged_entries_are_dropped_silently) {
  Cache cache(3 * kOne);
  cache.cache.put_clean("a", "1");
  cache.put("b", "2");
  cache.put("c", "3");
  cache.put("d", "4");
  BOOST_TEST(cache.take().empty());
  BOOST_TEST(!cache.has("a"));
}

BOOST_AUTO_TEST_CASE(an_entry_larger_than_the_budget_passes_through) {
  Cache cache(kOne);
  cache.put("a", "1");
  cache.put("b", std::string(100, 'x'));
  BOOST_TEST(cache.take() == (Texts{"a=1@10", "b=" + std::string(100, 'x') + "@10"}), boost::test_tools::per_element());
  BOOST_TEST(!cache.has("a"));
  BOOST_TEST(!cache.has("b"));
  BOOST_TEST(cache.budget.used() == 0);
}

BOOST_AUTO_TEST_CASE(a_put_evicts_from_its_own_cache_only) {
  CacheBudget budget(2 * kOne);
  FakeContexts contexts;
  contexts.at(1, 10);
  Texts left;
  const auto note = [&](const NamedCache::Entry& entry) { left.push_back(entry.key); };
  NamedCache one(budget, contexts, note);
  NamedCache other(budget, contexts, note);
  one.put("a", "1");
  one.put("b", "2");
  other.put("c", "3");
  BOOST_TEST(left == Texts{"c"}, boost::test_tools::per_element());
  BOOST_TEST(budget.used() == 2 * kOne);
}

BOOST_AUTO_TEST_CASE(a_cache_that_ends_gives_its_bytes_back) {
  CacheBudget budget(10'000);
  const FakeContexts contexts;
  {
    NamedCache cache(budget, contexts, [](const NamedCache::Entry&) {});
    cache.put("a", "1");
    BOOST_TEST(budget.used() > 0);
  }
  BOOST_TEST(budget.used() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_put_during_a_flush_waits_for_the_next) {
  Cache cache(10'000);
  cache.put("a", "1");
  cache.put("b", "2");
  cache.meanwhile = [&](const NamedCache::Entry& entry) {
    if (entry.key != "a") return;
    cache.put("b", "5");
    cache.put("a", "6");
  };
  cache.cache.flush();
  BOOST_TEST(cache.take() == (Texts{"a=1@10", "b=2@10"}), boost::test_tools::per_element());
  cache.meanwhile = [](const auto&) {};
  cache.cache.flush();
  BOOST_TEST(cache.take() == (Texts{"b=5@10", "a=6@10"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_flush_evicts_it_still_hands_out) {
  Cache cache(3 * kOne);
  cache.put("a", "1");
  cache.put("b", "2");
  cache.put("c", "3");
  cache.meanwhile = [&](const NamedCache::Entry& entry) {
    if (entry.key == "a") cache.cache.put_clean("large", std::string(60, 'x'));
  };
  cache.cache.flush();
  BOOST_TEST(cache.take() == (Texts{"a=1@10", "b=2@10", "c=3@10"}), boost::test_tools::per_element());
  BOOST_TEST(!cache.has("a"));
  BOOST_TEST(!cache.has("b"));
}

BOOST_AUTO_TEST_CASE(during_a_flush_others_see_the_total_from_before_it) {
  CacheBudget budget(3 * kOne);
  FakeContexts contexts;
  contexts.at(1, 10);
  Texts left;
  NamedCache other(budget, contexts, [&](const NamedCache::Entry& entry) { left.push_back(entry.key); });
  NamedCache one(budget, contexts, [&](const NamedCache::Entry& entry) { other.put(entry.key, "1"); });
  one.put("a", "1");
  one.put("b", "1");
  one.put("c", "1");
  BOOST_TEST(left.empty());
  one.put("d", "1");
  // The eviction of a makes room for no one before it ends: the other cache has to let everything go at once.
  BOOST_TEST(left == (Texts{"a", "b", "c", "d"}), boost::test_tools::per_element());
  BOOST_TEST(budget.used() == 3 * kOne);
}

BOOST_AUTO_TEST_CASE(what_a_flush_puts_into_its_own_cache_counts_twice) {
  Cache cache(10'000);
  cache.put("a", "1");
  cache.meanwhile = [&](const NamedCache::Entry&) { cache.cache.put_clean("b", "1"); };
  const auto clean = static_cast<std::int64_t>(kOne - 2);  // no topic
  cache.cache.flush();
  BOOST_TEST(cache.budget.used() == static_cast<std::int64_t>(kOne) + 2 * clean);
}

BOOST_AUTO_TEST_CASE(a_deleted_value_that_a_reader_brought_back_during_the_flush_is_gone_after_it) {
  Cache cache(2 * kOne);
  cache.put("a", "1");
  cache.put("b", std::nullopt);
  cache.meanwhile = [&](const NamedCache::Entry& entry) {
    if (entry.key != "a") return;
    cache.cache.put_clean("large", std::string(100, 'x'));  // pushes everything out
    cache.cache.put_clean("b", "old");
  };
  cache.cache.flush();
  BOOST_TEST(!cache.has("b"));
}

BOOST_AUTO_TEST_CASE(keys_come_in_order_whether_they_came_before_or_after_the_first_look) {
  Cache cache(10'000);
  cache.put("c", "1");
  cache.put("a", "1");
  BOOST_TEST(cache.cache.keys(std::nullopt, std::nullopt, true) == (Texts{"a", "c"}), boost::test_tools::per_element());
  cache.put("b", "1");
  cache.put("a", std::nullopt);
  BOOST_TEST(cache.cache.keys("a", "c", false) == (Texts{"a", "b"}), boost::test_tools::per_element());
  cache.cache.flush();
  BOOST_TEST(cache.cache.keys("a", "c", true) == (Texts{"b", "c"}), boost::test_tools::per_element());
  BOOST_TEST((cache.cache.first_from("bb") == "c"));
  BOOST_TEST(!cache.cache.first_from("d").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
