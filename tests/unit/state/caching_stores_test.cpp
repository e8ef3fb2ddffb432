// SPDX-License-Identifier: Apache-2.0
// Byte stores behind a record cache.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/state/detail/cached_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/cache/stores.hpp"
#include "state/changelog/stores.hpp"
#include "state/memory/stores.hpp"
#include "unit/state/bytes_support.hpp"
#include "unit/state/cache_support.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();

using Texts = std::vector<std::string>;

std::string text(BytesView bytes) { return bytes ? std::string(*bytes) : "null"; }

/// Records changelog records as `key=value@timestamp`.
class Changelog final : public ChangelogWriter {
 public:
  explicit Changelog(const FakeContexts& contexts) : contexts_(contexts) {}

  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* /*headers*/) override {
    logged.push_back(std::string(key) + "=" + text(value) + "@" + std::to_string(timestamp));
  }
  [[nodiscard]] Timestamp current_timestamp() const override { return contexts_.now.timestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return &contexts_.now.headers; }

  Texts logged;

 private:
  const FakeContexts& contexts_;
};

/// A store in memory with a changelog and a cache in front.
struct Stack {
  Stack() { contexts.at(1, 10); }

  /// The changes that left the cache: `key[start,end] old->new@time from offset`.
  template <class Store>
  void listen(Store& store, bool send_old_values) {
    dynamic_cast<CachedBytesStore&>(store).set_flush_listener(
        [this](const CacheFlush& flush) {
          std::string change(flush.key);
          if (flush.window != Window()) {
            change += "[" + std::to_string(flush.window.start) + "," + std::to_string(flush.window.end) + "]";
          }
          forwarded.push_back(change + " " + text(flush.old_value) + "->" + text(flush.new_value) + "@" +
                              std::to_string(flush.timestamp) + " from " + std::to_string(contexts.now.offset));
        },
        send_old_values);
  }

  CacheBudget budget{10'000};
  FakeContexts contexts;
  Changelog changelog{contexts};
  Texts forwarded;
};

/// A cached key-value store. `inner` is the store below the cache and the changelog.
struct KeyValueStack : Stack {
  std::unique_ptr<KeyValueBytesStore> below = make_in_memory_key_value_store("s");
  KeyValueBytesStore* inner = below.get();
  std::unique_ptr<KeyValueBytesStore> store =
      make_caching(make_change_logging(std::move(below), changelog, ValueFormat::plain), budget, contexts);

  [[nodiscard]] Texts walk(std::unique_ptr<BytesIterator> it) const {
    Texts rows;
    for (; it->valid(); it->next()) rows.push_back(std::string(it->key()) + "=" + std::string(it->value()));
    return rows;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(CachingStores)

BOOST_AUTO_TEST_CASE(updates_of_a_key_leave_as_one) {
  KeyValueStack stack;
  stack.listen(*stack.store, true);
  stack.store->put("a", "1");
  stack.contexts.at(2, 20);
  stack.store->put("b", "2");
  stack.contexts.at(3, 30);
  stack.store->put("a", "3");
  BOOST_TEST(text(stack.store->get("a")) == "3");
  BOOST_TEST(text(stack.inner->get("a")) == "null");
  BOOST_TEST(stack.forwarded.empty());
  BOOST_TEST(stack.changelog.logged.empty());
  stack.contexts.at(4, 40);
  stack.store->flush();
  BOOST_TEST(stack.forwarded == (Texts{"b null->2@20 from 2", "a null->3@30 from 3"}),
             boost::test_tools::per_element());
  BOOST_TEST(stack.changelog.logged == (Texts{"b=2@20", "a=3@30"}), boost::test_tools::per_element());
  BOOST_TEST(stack.contexts.now.offset == 4);
  BOOST_TEST(text(stack.inner->get("a")) == "3");
}

BOOST_AUTO_TEST_CASE(a_removed_session_is_logged_as_removed_even_if_it_was_not_there) {
  Stack stack;
  const auto store = make_change_logging(make_in_memory_session_store("s", 60'000), stack.changelog);
  store->put("a", {1, 2}, "v");
  store->remove("a", {1, 2});
  store->remove("a", {5, 900'000});
  BOOST_TEST(stack.changelog.logged.size() == 3U);
  BOOST_TEST(store->observed_stream_time() == 2);
}

BOOST_AUTO_TEST_CASE(a_session_store_without_own_headers_emits_none) {
  for (const bool forwards : {true, false}) {
    Stack stack;
    CacheTraits traits;
    traits.forwards_headers = forwards;
    const auto store = make_caching(make_change_logging(make_in_memory_session_store("s", 60'000), stack.changelog),
                                    stack.budget, stack.contexts, traits);
    Texts seen;
    dynamic_cast<CachedBytesStore&>(*store).set_flush_listener(
        [&](const CacheFlush& flush) {
          const KeptContext& now = stack.contexts.now;
          seen.push_back(std::string(flush.key) + " from " + std::to_string(now.offset) + ", headers " +
                         std::to_string(now.headers.size()));
        },
        false);
    stack.contexts.now.headers.add("trace", "1");
    store->put("a", {1, 2}, "v");
    stack.contexts.at(2, 20);
    store->flush();
    BOOST_TEST(seen == Texts{std::string("a from 1, headers ") + (forwards ? "1" : "0")},
               boost::test_tools::per_element());
    BOOST_TEST(stack.contexts.now.offset == 2);
  }
}

BOOST_AUTO_TEST_CASE(the_old_value_is_that_of_the_store_below) {
  KeyValueStack stack;
  stack.listen(*stack.store, true);
  stack.store->put("a", "1");
  stack.store->flush();
  stack.store->put("a", "2");
  stack.store->put("a", "3");
  stack.store->flush();
  stack.store->put("a", std::nullopt);
  stack.store->flush();
  BOOST_TEST(stack.forwarded == (Texts{"a null->1@10 from 1", "a 1->3@10 from 1", "a 3->null@10 from 1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(old_values_are_not_there_unless_asked_for) {
  KeyValueStack stack;
  stack.listen(*stack.store, false);
  stack.store->put("a", "1");
  stack.store->flush();
  stack.store->put("a", std::nullopt);
  stack.store->flush();
  BOOST_TEST(stack.forwarded == (Texts{"a null->1@10 from 1", "a null->null@10 from 1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_delete_of_what_is_not_below_disappears) {
  KeyValueStack stack;
  stack.listen(*stack.store, false);
  stack.store->put("a", "1");
  stack.store->put("a", std::nullopt);
  stack.store->put("b", std::nullopt);
  BOOST_TEST(text(stack.store->get("a")) == "null");
  stack.store->flush();
  BOOST_TEST(stack.forwarded.empty());
  BOOST_TEST(stack.changelog.logged.empty());
}

BOOST_AUTO_TEST_CASE(without_a_listener_every_delete_is_logged) {
  KeyValueStack stack;
  stack.store->put("a", std::nullopt);
  stack.store->flush();
  BOOST_TEST(stack.changelog.logged == Texts{"a=null@10"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(values_read_from_below_are_cached) {
  KeyValueStack stack;
  stack.inner->put("a", "1");
  BOOST_TEST(text(stack.store->get("a")) == "1");
  const std::size_t with_a = stack.budget.used();
  BOOST_TEST(with_a > 0u);
  BOOST_TEST(text(stack.store->get("unknown")) == "null");
  BOOST_TEST(stack.budget.used() == with_a);
  stack.store->flush();
  BOOST_TEST(stack.changelog.logged.empty());
}

BOOST_AUTO_TEST_CASE(iteration_merges_the_cache_over_the_store) {
  KeyValueStack stack;
  for (const char* key : {"a", "b", "c", "d"}) stack.inner->put(key, "old");
  stack.store->put("b", "new");
  stack.store->put("c", std::nullopt);
  stack.store->put("bb", "added");
  stack.store->put("x", std::nullopt);
  auto& store = *stack.store;
  BOOST_TEST(stack.walk(store.range(std::nullopt, std::nullopt)) == (Texts{"a=old", "b=new", "bb=added", "d=old"}),
             boost::test_tools::per_element());
  BOOST_TEST(stack.walk(store.range("b", "d", false)) == (Texts{"d=old", "bb=added", "b=new"}),
             boost::test_tools::per_element());
  BOOST_TEST(stack.walk(store.prefix_scan("b")) == (Texts{"b=new", "bb=added"}), boost::test_tools::per_element());
  BOOST_TEST(stack.walk(store.range("d", "b")).empty());
}

BOOST_AUTO_TEST_CASE(windows_are_told_apart_by_their_start) {
  Stack stack;
  const auto store = make_caching(make_change_logging(make_in_memory_window_store("s", {100'000, 1'000, false}),
                                                      stack.changelog, ValueFormat::timestamped),
                                  stack.budget, stack.contexts);
  stack.listen(*store, true);
  const auto value = [](Timestamp time, std::string_view bytes) {
    std::string out;
    formats::append_timestamped_value(out, time, bytes);
    return out;
  };
  store->put("a", value(1'500, "1"), 1'000);
  store->put("a", value(2'500, "2"), 2'000);
  store->put("a", value(1'700, "3"), 1'000);
  BOOST_TEST(text(store->fetch("a", 1'000)) == value(1'700, "3"));
  std::vector<Timestamp> starts;
  store->fetch_each("a", 0, kMax, [&](Timestamp start, std::string_view) {
    starts.push_back(start);
    return true;
  });
  BOOST_TEST(starts == (std::vector<Timestamp>{1'000, 2'000}), boost::test_tools::per_element());
  store->flush();
  BOOST_TEST(stack.forwarded == (Texts{"a[2000,2000] null->" + value(2'500, "2") + "@10 from 1",
                                       "a[1000,1000] null->" + value(1'700, "3") + "@10 from 1"}),
             boost::test_tools::per_element());
  std::string key;
  formats::append_window_key(key, "a", 2'000, Sequence());
  BOOST_TEST(stack.changelog.logged.front() == key + "=2@2500");  // with the value's own time
  BOOST_TEST(store->observed_stream_time() == 2'000);
}

BOOST_AUTO_TEST_CASE(sessions_are_told_apart_by_both_bounds) {
  Stack stack;
  const auto store = make_caching(make_change_logging(make_in_memory_session_store("s", 100'000), stack.changelog),
                                  stack.budget, stack.contexts);
  stack.listen(*store, false);
  store->put("a", {5, 10}, "1");
  store->put("a", {5, 10}, std::nullopt);
  store->put("a", {5, 15}, "2");
  BOOST_TEST(text(store->fetch_session("a", {5, 10})) == "null");
  BOOST_TEST(text(store->fetch_session("a", {5, 15})) == "2");
  store->flush();
  BOOST_TEST(stack.forwarded == (Texts{"a[5,15] null->2@10 from 1"}), boost::test_tools::per_element());
  std::string key;
  formats::append_session_key(key, "a", {5, 15});
  BOOST_TEST(stack.changelog.logged == (Texts{key + "=2@10"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_full_cache_emits_all_changes_and_then_evicts_the_oldest_entries) {
  KeyValueStack stack;
  stack.budget = CacheBudget(1'000);  // some entries
  stack.listen(*stack.store, false);
  int put = 0;
  for (; stack.forwarded.empty() && put < 100; ++put) stack.store->put(std::to_string(put), "1");
  BOOST_TEST_REQUIRE(put > 2);
  BOOST_TEST(stack.forwarded.size() == static_cast<std::size_t>(put));
  BOOST_TEST(!stack.budget.exceeded());
  stack.inner->put("0", "below");
  stack.inner->put(std::to_string(put - 1), "below");
  BOOST_TEST(text(stack.store->get(std::to_string(put - 1))) == "1");  // from the cache
  BOOST_TEST(text(stack.store->get("0")) == "below");
}

BOOST_AUTO_TEST_CASE(a_put_evicts_from_its_own_cache_only) {
  KeyValueStack one;
  const auto full = make_caching(make_in_memory_key_value_store("full"), one.budget, one.contexts);
  one.listen(*full, false);
  full->put("a", std::string(9'700, 'x'));
  one.forwarded.clear();
  BOOST_TEST_REQUIRE(one.budget.used() > 9'000u);
  for (const char* key : {"b", "c"}) one.store->put(key, "1");
  BOOST_TEST(one.forwarded.empty());
  BOOST_TEST(one.changelog.logged == (Texts{"b=1@10", "c=1@10"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_listener_finds_all_changes_in_the_store) {
  KeyValueStack stack;
  Texts seen;
  dynamic_cast<CachedBytesStore&>(*stack.store)
      .set_flush_listener(
          [&](const CacheFlush& flush) {
            seen.push_back(std::string(flush.key) + ": a is " + text(stack.store->get("a")) + ", b is " +
                           text(stack.store->get("b")));
          },
          false);
  stack.inner->put("b", "old");
  stack.store->put("a", "1");
  stack.store->put("b", std::nullopt);
  stack.store->flush();
  BOOST_TEST(seen == (Texts{"a: a is 1, b is null", "b: a is 1, b is null"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_change_caused_by_another_leaves_after_it_however_small_the_cache) {
  for (const bool over_the_budget : {false, true}) {
    const std::string second(over_the_budget ? 2'000 : 1, '2');
    KeyValueStack stack;
    stack.budget = CacheBudget(700);  // both entries, and no more
    dynamic_cast<CachedBytesStore&>(*stack.store)
        .set_flush_listener(
            [&](const CacheFlush& flush) {
              stack.forwarded.push_back(std::string(flush.key) + " " + text(flush.old_value) + "->" +
                                        text(flush.new_value));
              if (flush.key == "a" && text(flush.new_value) == "1") {
                stack.store->put("b", second);
                stack.store->put("a", "2");
              }
            },
            true);
    stack.inner->put("a", "0");
    stack.inner->put("b", "0");
    stack.store->put("a", "1");
    stack.store->put("b", "1");
    BOOST_TEST_REQUIRE(stack.forwarded.empty());
    BOOST_TEST_REQUIRE(!stack.budget.exceeded());
    stack.store->flush();
    stack.store->flush();
    BOOST_TEST(stack.forwarded == (Texts{"a 0->1", "b 0->1", "b 1->" + second, "a 1->2"}),
               boost::test_tools::per_element());
    BOOST_TEST(text(stack.inner->get("a")) == "2");
    BOOST_TEST(text(stack.inner->get("b")) == second);
  }
}

BOOST_AUTO_TEST_CASE(iteration_does_not_count_as_use) {
  Stack windows;
  windows.budget = CacheBudget(2'000);
  auto below = make_in_memory_window_store("s", {100'000, 1'000, false});
  WindowBytesStore& inner = *below;
  const auto store = make_caching(std::move(below), windows.budget, windows.contexts);
  store->put("a", "1", 10);
  store->put("b", "1", 20);
  store->flush();
  inner.put("a", "from below", 10);
  inner.put("b", "from below", 20);
  const auto shown = [&](std::string_view key) {  // reads with an iterator
    std::string value;
    store->fetch_each(key, 0, 50, [&](Timestamp, std::string_view bytes) {
      value = bytes;
      return true;
    });
    return value;
  };
  Timestamp start = 100;
  while (shown("b") == "1" && shown("a") == "1" && start < 200) store->put("c", "1", start++);
  BOOST_TEST(shown("b") == "1");
  BOOST_TEST(shown("a") == "from below");  // evicted first, although it was iterated over last
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
