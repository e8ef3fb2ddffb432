// SPDX-License-Identifier: Apache-2.0
// Versioned stores: random operations compared with a model, and single rules.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "state/versioned_store.hpp"
#include "unit/state/random_source.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

constexpr std::int64_t kRetention = 1'000;

BytesView viewed(const std::optional<std::string>& bytes) { return bytes ? BytesView(*bytes) : std::nullopt; }

/// `value@timestamp-valid_to`, with `..` for no end.
std::string text(const std::optional<VersionedBytes>& version) {
  if (!version) return "none";
  return std::string(version->value) + "@" + std::to_string(version->timestamp) + "-" +
         (version->valid_to ? std::to_string(*version->valid_to) : "..");
}
std::string text(const VersionedPut& put) {
  if (!put.accepted) return "rejected";
  return put.valid_to ? "until " + std::to_string(*put.valid_to) : "latest";
}

/// The simplest implementation of a versioned store. It defines the expected behaviour.
///
/// Nothing is ever deleted, with one exception. If the latest version is deleted at its own timestamp, no trace of it
/// may remain, as in Java. This happens if no value ends at that timestamp and no version was inserted before the
/// latest one.
class VersionedModel {
 public:
  VersionedPut put(const std::string& key, const std::optional<std::string>& value, Timestamp timestamp) {
    if (timestamp < observed_ - kRetention) return {false, std::nullopt};
    observed_ = std::max(observed_, timestamp);
    auto& versions = keys_[key];
    if (takes_back(versions, value, timestamp)) {
      versions.erase(timestamp);
      return {};
    }
    const auto next = versions.upper_bound(timestamp);
    versions[timestamp] = {value, next == versions.end()};
    if (next == versions.end()) return {};
    return {true, next->first};
  }

  [[nodiscard]] std::string get(const std::string& key, std::optional<Timestamp> as_of) const {
    const auto found = keys_.find(key);
    if (found == keys_.end()) return "none";
    const auto& versions = found->second;
    auto at = as_of ? versions.upper_bound(*as_of) : versions.end();
    if (at == versions.begin()) return "none";
    const auto next = at--;
    if (next != versions.end() && *as_of < observed_ - kRetention) return "none";
    if (!at->second.value) return "none";
    return text(VersionedBytes{*at->second.value, at->first,
                               next == versions.end() ? std::nullopt : std::optional<Timestamp>(next->first)});
  }

 private:
  struct Entry {
    std::optional<std::string> value;
    bool put_as_latest = false;
  };
  using Versions = std::map<Timestamp, Entry>;

  static bool takes_back(const Versions& versions, const std::optional<std::string>& value, Timestamp timestamp) {
    if (value || versions.empty() || versions.rbegin()->first != timestamp) return false;
    if (!versions.rbegin()->second.value) return false;
    const auto before = std::next(versions.rbegin());
    return before == versions.rend() || (!before->second.value && before->second.put_as_latest);
  }

  Timestamp observed_ = kNoTimestamp;
  std::map<std::string, Versions> keys_;
};

class VersionedRun {
 public:
  RandomSource& random() { return random_; }
  void commit() { committed_ = model_; }
  void discard() { model_ = committed_; }

  void step(VersionedBytesStore& store) {
    const std::string key = random_.pick(kKeys);
    if (random_.chance(50)) {
      const auto value = random_.chance(25) ? std::nullopt : std::optional("v" + std::to_string(++values_));
      const Timestamp timestamp = time();
      if (random_.chance(10)) {
        const RestoreRecord record{key, viewed(value), timestamp};
        store.restore({&record, 1});
        (void)model_.put(key, value, timestamp);
      } else {
        const auto result = store.put(key, viewed(value), timestamp);
        BOOST_TEST_REQUIRE(text(result) == text(model_.put(key, value, timestamp)));
      }
    } else if (random_.chance(20)) {
      BOOST_TEST_REQUIRE(text(store.get(key)) == model_.get(key, std::nullopt));
    } else {
      const Timestamp as_of = time();
      BOOST_TEST_REQUIRE(text(store.get(key, as_of)) == model_.get(key, as_of));
    }
  }

 private:
  static inline const std::vector<std::string> kKeys{"", "a", "ab", "b", std::string("a\0", 2), "\xff"};

  Timestamp time() {
    now_ += random_.between(0, 20);
    return std::max<Timestamp>(0, now_ - random_.between(0, random_.chance(50) ? 30 : 1'200));
  }

  RandomSource random_;
  VersionedModel model_;
  VersionedModel committed_;
  Timestamp now_ = 0;
  int values_ = 0;
};

std::unique_ptr<VersionedBytesStore> in_memory() {
  return make_versioned_store(make_in_memory_key_value_store("v"), kRetention);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(VersionedStores)

BOOST_AUTO_TEST_CASE(against_the_model_in_memory) {
  VersionedRun run;
  BOOST_TEST_MESSAGE("seed " << run.random().seed());
  BOOST_TEST_CONTEXT("seed " << run.random().seed()) {
    const auto store = in_memory();
    for (int i = 0; i < 20'000; ++i) run.step(*store);
  }
}

BOOST_AUTO_TEST_CASE(against_the_model_in_rocksdb) {
  const TempDirectory directory;
  VersionedRun run;
  BOOST_TEST_MESSAGE("seed " << run.random().seed());
  BOOST_TEST_CONTEXT("seed " << run.random().seed()) {
    const DatabaseOptions options{8u << 10, 64u << 10, 256u << 10};
    auto database = TaskDatabase::open(directory.path(), options);
    auto store = database->versioned_store("v", kRetention);
    std::int64_t offset = 0;
    for (int i = 0; i < 10'000; ++i) {
      run.step(*store);
      switch (run.random().between(0, 250)) {
        case 0:
        case 1:
          database->commit({{"v", {{{"app-v-changelog", 0}, Offset(++offset)}}}});
          run.commit();
          break;
        case 2:
          database->discard();
          run.discard();
          break;
        case 3:
          store.reset();
          database.reset();
          database = TaskDatabase::open(directory.path(), options);
          store = database->versioned_store("v", kRetention);
          run.discard();
          break;
        default: break;
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_version_ends_where_the_next_one_begins) {
  const auto store = in_memory();
  BOOST_TEST(text(store->put("k", "one", 10)) == "latest");
  BOOST_TEST(text(store->put("k", "three", 30)) == "latest");
  BOOST_TEST(text(store->put("k", "two", 20)) == "until 30");
  BOOST_TEST(text(store->put("k", std::nullopt, 25)) == "until 30");
  BOOST_TEST(text(store->get("k")) == "three@30-..");
  BOOST_TEST(text(store->get("k", 30)) == "three@30-..");
  BOOST_TEST(text(store->get("k", 29)) == "none");
  BOOST_TEST(text(store->get("k", 24)) == "two@20-25");
  BOOST_TEST(text(store->get("k", 19)) == "one@10-20");
  BOOST_TEST(text(store->get("k", 9)) == "none");
}

BOOST_AUTO_TEST_CASE(end_a_version_at_a_later_delete) {
  const auto store = in_memory();
  BOOST_TEST(text(store->put("k", std::nullopt, 20)) == "latest");
  BOOST_TEST(text(store->put("k", "v", 10)) == "until 20");
  BOOST_TEST(text(store->get("k")) == "none");
  BOOST_TEST(text(store->get("k", 15)) == "v@10-20");
}

// Java stores the time of a deletion only as the end of the previous version. So a deletion of the latest version
// without a previous version leaves no time.
BOOST_AUTO_TEST_CASE(keep_the_previous_version_if_the_latest_is_deleted_at_its_own_time) {
  const auto store = in_memory();
  const auto latest_after = [&](const char* key, const std::vector<std::pair<Timestamp, bool>>& puts) {
    for (const auto& [time, is_value] : puts) {
      (void)store->put(key, is_value ? BytesView("v") : std::nullopt, time);
    }
    (void)store->put(key, "latest", 50);
    (void)store->put(key, std::nullopt, 50);
    return text(store->put(key, "v", 45));
  };
  BOOST_TEST(latest_after("nothing before", {}) == "latest");
  BOOST_TEST(latest_after("a value until then", {{10, true}}) == "until 50");
  BOOST_TEST(latest_after("a deletion", {{10, true}, {20, false}}) == "latest");

  (void)store->put("a deletion put in", "latest", 50);
  BOOST_TEST(text(store->put("a deletion put in", std::nullopt, 40)) == "until 50");
  (void)store->put("a deletion put in", std::nullopt, 50);
  BOOST_TEST(text(store->put("a deletion put in", "v", 45)) == "until 50");
  BOOST_TEST(text(store->get("a deletion put in")) == "none");
}

BOOST_AUTO_TEST_CASE(a_put_before_the_history_retention_is_rejected) {
  const auto store = in_memory();
  (void)store->put("other", "x", 5'000);
  BOOST_TEST(text(store->put("k", "just in time", 5'000 - kRetention)) == "latest");
  BOOST_TEST(text(store->put("k", "too late", 5'000 - kRetention - 1)) == "rejected");
  BOOST_TEST(text(store->get("k")) == "just in time@4000-..");
}

BOOST_AUTO_TEST_CASE(return_only_the_latest_version_before_the_history_retention) {
  const auto store = in_memory();
  (void)store->put("k", "one", 100);
  (void)store->put("k", "two", 200);
  (void)store->put("other", "x", 100'000);
  BOOST_TEST(text(store->get("k", 150)) == "none");
  BOOST_TEST(text(store->get("k", 200)) == "two@200-..");
  BOOST_TEST(text(store->get("k")) == "two@200-..");
}

BOOST_AUTO_TEST_CASE(history_that_no_one_can_ask_for_is_deleted) {
  auto entries = make_in_memory_key_value_store("v");
  KeyValueBytesStore& inside = *entries;
  const auto store = make_versioned_store(std::move(entries), kRetention);
  for (Timestamp time = 0; time < 100'000; time += 10) {
    (void)store->put("k", time % 30 == 0 ? std::nullopt : BytesView("v"), time);
    (void)store->put("deleted" + std::to_string(time), std::nullopt, time);
  }
  // There are two entries per version of the last retention plus a sixteenth, and two for each key that was deleted in
  // that time.
  BOOST_TEST(inside.approximate_num_entries() < 4u * (kRetention / 10) * 18 / 16);
  (void)store->put("k", "v", 200'000);
  // The stream time, the latest version, and the version that ended where the latest began.
  BOOST_TEST(inside.approximate_num_entries() <= 4u);
}

BOOST_AUTO_TEST_CASE(negative_timestamps_are_refused) {
  BOOST_CHECK_THROW((void)in_memory()->put("k", "v", -1), ProcessorStateException);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
