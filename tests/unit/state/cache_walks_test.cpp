#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/state/detail/cached_store.hpp"
#include "state/cache/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/cache_support.hpp"
#include "unit/state/temp_directory.hpp"

// Which entries of a cache a walk passes: they count as used, and what was not used for the longest time leaves first.

namespace millrace::detail {

namespace {

constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();
constexpr std::int64_t kRetention = 600'000;  // segments of 300,000
constexpr BytesView kOpen = std::nullopt;

struct Put {
  std::string_view key;
  Timestamp time;
};

/// A store whose cache is full with the entries that are put, each of which takes about as much room.
template <class Store>
class FullCache {
 public:
  FullCache(bool in_memory, const std::vector<Put>& puts, std::size_t value_bytes = 1)
      : value_(value_bytes, '1'), budget_(puts.size() * (kEntryBytes + value_bytes)) {
    contexts_.at(1, 10);
    store_ = make_caching(below(in_memory), budget_, contexts_);
    dynamic_cast<CachedBytesStore&>(*store_).set_flush_listener(
        [this](const CacheFlush& flush) {
          if (left_.empty()) left_ = std::string(flush.key) + "@" + std::to_string(flush.window.end);
        },
        false);
    for (const Put& one : puts) put(one);
    BOOST_TEST_REQUIRE(left_ == "");
  }

  Store& store() { return *store_; }

  /// After a walk, the entry that leaves when another one comes: `key@time`.
  template <class Walk>
  std::string first_to_leave_after(const Walk& walk) {
    while (walk->valid()) walk->next();
    return first_to_leave();
  }
  std::string first_to_leave() {
    put({"x", 400'000});
    return left_;
  }

 private:
  static constexpr std::size_t kEntryBytes = 75;  // a window has 68 besides its value, a session 72

  [[nodiscard]] std::unique_ptr<Store> below(bool in_memory) {
    if constexpr (std::is_same_v<Store, WindowBytesStore>) {
      const WindowStoreOptions options{kRetention, 1'000, false};
      return in_memory ? make_in_memory_window_store("s", options) : database_->window_store("s", options);
    } else {
      return in_memory ? make_in_memory_session_store("s", kRetention) : database_->session_store("s", kRetention);
    }
  }
  void put(const Put& one) {
    if constexpr (std::is_same_v<Store, WindowBytesStore>) {
      store_->put(one.key, value_, one.time);
    } else {
      store_->put(one.key, {one.time, one.time}, value_);
    }
  }

  TempDirectory directory_;
  std::unique_ptr<TaskDatabase> database_ = TaskDatabase::open(directory_.path());
  std::string value_;
  FakeContexts contexts_;
  CacheBudget budget_;
  std::string left_;
  std::unique_ptr<Store> store_;
};

const std::vector<Put> kInMemory{{"a", 10}, {"b", 20}, {"c", 30}, {"d", 40}};
const std::vector<Put> kInSegments{{"c", 30}, {"a", 10}, {"b", 20}, {"b", 300'010}};

struct Range {
  BytesView key_from;
  BytesView key_to;
  Timestamp from;
  Timestamp to;
};

std::string windows_left(bool in_memory, const Range& range, bool forward = true, std::size_t value_bytes = 1) {
  FullCache<WindowBytesStore> cache(in_memory, in_memory ? kInMemory : kInSegments, value_bytes);
  const auto walk = cache.store().fetch_range(range.key_from, range.key_to, range.from, range.to, forward);
  return cache.first_to_leave_after(walk);
}

std::string sessions_left(bool in_memory, const Range& range) {
  FullCache<SessionBytesStore> cache(in_memory, in_memory ? kInMemory : kInSegments);
  const auto walk = cache.store().find_sessions_in_range(range.key_from, range.key_to, range.from, range.to, true);
  return cache.first_to_leave_after(walk);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(CacheWalks)

BOOST_AUTO_TEST_CASE(in_memory_renew_all_windows_that_are_not_later) {
  BOOST_TEST(FullCache<WindowBytesStore>(true, kInMemory).first_to_leave() == "a@10");
  BOOST_TEST(windows_left(true, {"b", "c", 25, 35}) == "d@40");
  BOOST_TEST(windows_left(true, {"c", "c", 25, 35}) == "d@40");  // as sliding windows ask for one key
  BOOST_TEST(windows_left(true, {kOpen, "b", 15, 25}) == "c@30");
  BOOST_TEST(windows_left(true, {"c", kOpen, 25, 25}, false) == "d@40");  // all, the latest first

  FullCache<WindowBytesStore> cache(true, kInMemory);
  BOOST_TEST(cache.first_to_leave_after(cache.store().fetch("c", 25, 35, true)) == "a@10");  // passes c alone
}

BOOST_AUTO_TEST_CASE(in_segments_renew_the_windows_of_the_keys_between) {
  BOOST_TEST(FullCache<WindowBytesStore>(false, kInSegments).first_to_leave() == "c@30");
  for (const bool forward : {true, false}) {
    BOOST_TEST(windows_left(false, {"b", "c", 25, 35}, forward) == "a@10");  // b is too early
    BOOST_TEST(windows_left(false, {"b", "c", 0, kMax}, forward) == "a@10");
    BOOST_TEST(windows_left(false, {"a", "b", 15, 25}, forward) == "c@30");
    BOOST_TEST(windows_left(false, {"c", "c", 25, 35}, forward) == "a@10");
  }
}

BOOST_AUTO_TEST_CASE(of_all_keys_renew_the_whole_cache) {
  for (const bool in_memory : {true, false}) {
    const std::string first = "a@10";
    BOOST_TEST(windows_left(in_memory, {kOpen, kOpen, 25, 35}) == first);
    BOOST_TEST(windows_left(in_memory, {kOpen, kOpen, 25, 35}, false) == (in_memory ? "d@40" : "b@300010"));
  }
}

BOOST_AUTO_TEST_CASE(renew_all_sessions_but_for_lesser_keys_in_the_first_segment) {
  BOOST_TEST(sessions_left(true, {"c", "c", 25, 35}) == "a@10");
  BOOST_TEST(FullCache<SessionBytesStore>(false, kInSegments).first_to_leave() == "c@30");
  BOOST_TEST(sessions_left(false, {"c", "c", 25, 35}) == "a@10");
  BOOST_TEST(sessions_left(false, {"b", "b", 25, 35}) == "a@10");
}

// Else a record of a sliding window would pass each entry of the cache.
BOOST_AUTO_TEST_CASE(renew_what_they_show_in_a_cache_that_is_not_small) {
  constexpr std::size_t kLarge = 20'000;
  BOOST_TEST(windows_left(true, {"a", "a", 5, 35}, true, kLarge) == "b@20");
  BOOST_TEST(windows_left(true, {"c", "c", 25, 35}, true, kLarge) == "a@10");
  BOOST_TEST(windows_left(false, {"a", "b", 15, 25}, true, kLarge) == "c@30");
  BOOST_TEST(windows_left(false, {"b", "c", 25, 35}, true, kLarge) == "a@10");
}

BOOST_AUTO_TEST_CASE(look_past_what_has_left_the_cache) {
  // As Java's walk over the cache, which does not stop where an entry is gone, but takes the next one at once.
  FakeContexts contexts;
  contexts.at(1, 10);
  CacheBudget four_entries(4 * 69);
  auto below = make_in_memory_window_store("s", {kRetention, 1'000, false});
  WindowBytesStore& inner = *below;
  const auto store = make_caching(std::move(below), four_entries, contexts);
  for (const Timestamp start : {10, 20, 30, 40}) store->put("k", "1", start);
  store->flush();
  for (const Timestamp start : {10, 20, 30, 40}) inner.put("k", "2", start);
  const auto walk = store->fetch("k", 0, 100, true);
  BOOST_TEST_REQUIRE(walk->valid());  // renews 10
  store->put("k", "1", 50);           // 20 leaves
  walk->next();
  BOOST_TEST_REQUIRE(walk->valid());  // finds 20 below, and renews 30
  BOOST_TEST(walk->window_start() == 20);
  BOOST_TEST(walk->value() == "2");
  store->put("k", "1", 60);  // 40 leaves
  std::string rest;
  for (walk->next(); walk->valid(); walk->next()) {
    rest += std::to_string(walk->window_start()) + "=" + std::string(walk->value()) + " ";
  }
  BOOST_TEST(rest == "30=1 40=2 ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
