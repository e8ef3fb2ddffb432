// SPDX-License-Identifier: Apache-2.0
// Readers on other threads, which see stores as of the last commit.
#define BOOST_TEST_DYN_LINK
#include "state/committed_reader.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"
#include "state/state_memory.hpp"
#include "state/store_set.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

using S = std::string;
using Texts = std::vector<S>;

/// The stores of one task: some that have a committed state (in RocksDB), and one in memory that has none.
struct Fixture {
  [[nodiscard]] KeyValueBytesStore& counts() const { return *set->bytes("counts").key_value; }
  [[nodiscard]] WindowBytesStore& windows() const { return *set->bytes("windows").window; }

  static StorePlan plan(const StoreBuilder& builder) {
    return {shared_store(builder), definition_of(builder).spec.persistent, {}, false};
  }

  const TempDirectory directory;
  std::unique_ptr<StoreSet> set = std::make_unique<StoreSet>(
      "task 0_0",
      std::vector{plan(Stores::key_value_store<S, S>("counts")),
                  plan(Stores::window_store<S, S>("windows", Millis(120'000), Millis(1000))),
                  plan(Stores::window_store<S, S>("pairs", Millis(120'000), Millis(1000), true)),
                  plan(Stores::session_store<S, S>("sessions", Millis(120'000))),
                  plan(Stores::persistent_versioned_key_value_store<S, S>("versions", Millis(1000))),
                  plan(Stores::key_value_store<S, S>("memory", StoreMedium::in_memory))},
      directory.path(), std::make_shared<StateMemory>(DatabaseOptions()));
};

Texts entries(std::unique_ptr<BytesIterator> walk) {
  Texts texts;
  for (; walk->valid(); walk->next()) texts.push_back(S(walk->key()) + "=" + S(walk->value()));
  return texts;
}

Texts entries(std::unique_ptr<WindowBytesIterator> walk) {
  Texts texts;
  for (; walk->valid(); walk->next()) {
    texts.push_back(S(walk->key()) + "@" + std::to_string(walk->window_start()) + "#" + to_string(walk->seq()) + "=" +
                    S(walk->value()));
  }
  return texts;
}

Texts entries(std::unique_ptr<SessionBytesIterator> walk) {
  Texts texts;
  for (; walk->valid(); walk->next()) {
    texts.push_back(S(walk->key()) + "@" + std::to_string(walk->session().start) + "-" +
                    std::to_string(walk->session().end) + "=" + S(walk->value()));
  }
  return texts;
}

S text(const std::optional<CommittedVersion>& version) {
  if (!version) return "(none)";
  return version->value + "@" + std::to_string(version->timestamp) + "-" +
         (version->valid_to ? std::to_string(*version->valid_to) : "");
}
S text(const std::optional<VersionedBytes>& version) {
  if (!version) return "(none)";
  return text(CommittedVersion{S(version->value), version->timestamp, version->valid_to});
}

/// Keys of which one begins with another, followed by bytes as small as those of a time.
const Texts kKeys{"", "a", S("a\0", 2), S("a\0\0\0\0\0\0\0\0\0", 10), "ab", "b"};

/// Bounds of a range of keys: each pair, and both ends open.
std::vector<std::pair<BytesView, BytesView>> ranges() {
  std::vector<std::pair<BytesView, BytesView>> all{{std::nullopt, std::nullopt}};
  for (const S& from : kKeys) {
    all.emplace_back(from, std::nullopt);
    all.emplace_back(std::nullopt, from);
    for (const S& to : kKeys) all.emplace_back(from, to);
  }
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(CommittedReaders, Fixture)

BOOST_AUTO_TEST_CASE(see_a_key_value_store_as_of_the_last_commit) {
  const auto reader = set->committed_key_value("counts");
  counts().put("a", "1");
  BOOST_TEST(!reader->get("a").has_value());
  set->commit();
  BOOST_TEST(reader->get("a").value() == "1");
  counts().put("a", "2");
  counts().put("b", "2");
  BOOST_TEST(reader->get("a").value() == "1");
  BOOST_TEST(entries(reader->range(std::nullopt, std::nullopt)) == Texts{"a=1"}, boost::test_tools::per_element());
  set->discard();
  BOOST_TEST(reader->get("a").value() == "1");
  counts().put("a", std::nullopt);
  set->commit();
  BOOST_TEST(!reader->get("a").has_value());
}

BOOST_AUTO_TEST_CASE(iterate_over_an_inclusive_range_forward_and_backward) {
  for (const char* key : {"a", "b", "c", "d"}) counts().put(key, key);
  set->commit();
  const auto reader = set->committed_key_value("counts");
  BOOST_TEST(entries(reader->range("b", "c")) == (Texts{"b=b", "c=c"}), boost::test_tools::per_element());
  BOOST_TEST(entries(reader->range(std::nullopt, "b", false)) == (Texts{"b=b", "a=a"}),
             boost::test_tools::per_element());
  BOOST_TEST(entries(reader->range("c", std::nullopt)) == (Texts{"c=c", "d=d"}), boost::test_tools::per_element());
  BOOST_TEST(entries(reader->range("c", "b")).empty());
}

BOOST_AUTO_TEST_CASE(a_walk_shows_one_commit) {
  counts().put("a", "1");
  counts().put("b", "1");
  set->commit();
  auto walk = set->committed_key_value("counts")->range(std::nullopt, std::nullopt);
  counts().put("b", "2");
  counts().put("c", "2");
  set->commit();
  BOOST_TEST(entries(std::move(walk)) == (Texts{"a=1", "b=1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(see_windows_as_of_the_last_commit) {
  const auto reader = set->committed_windows("windows");
  BOOST_TEST(!reader->fetch("k", 1000).has_value());
  windows().put("k", "1", 1000);
  windows().put("k", "2", 2000);
  windows().put("kk", "3", 2000);
  set->commit();
  windows().put("k", "4", 2000);
  windows().put("k", "5", 3000);
  BOOST_TEST(reader->fetch("k", 2000).value() == "2");
  BOOST_TEST(!reader->fetch("k", 3000).has_value());
  BOOST_TEST(entries(reader->fetch("k", 0, 10'000)) == (Texts{"k@1000#0=1", "k@2000#0=2"}),
             boost::test_tools::per_element());
  BOOST_TEST(entries(reader->fetch("k", 1001, 10'000, false)) == Texts{"k@2000#0=2"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(windows_expire_with_the_commit_that_moves_the_time) {
  const auto reader = set->committed_windows("windows");
  windows().put("k", "old", 1000);
  set->commit();
  windows().put("k", "new", 121'000);
  BOOST_TEST(reader->fetch("k", 1000).value() == "old");
  set->commit();
  BOOST_TEST(!reader->fetch("k", 1000).has_value());
  BOOST_TEST(entries(reader->fetch("k", 0, 200'000)) == Texts{"k@121000#0=new"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(see_duplicates_in_their_order_over_several_segments) {
  WindowBytesStore& pairs = *set->bytes("pairs").window;
  pairs.put("k", "a", 70'000);
  pairs.put("k", "b", 1000);
  pairs.put("k", "c", 1000);
  set->commit();
  BOOST_TEST(entries(set->committed_windows("pairs")->fetch("k", 0, 100'000)) ==
                 (Texts{"k@1000#2=b", "k@1000#3=c", "k@70000#1=a"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(see_windows_of_a_range_of_keys_in_the_order_of_the_store) {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    windows().put(kKeys[random() % kKeys.size()], std::to_string(i), static_cast<Timestamp>(random() % 300'000));
  }
  set->commit();
  const auto reader = set->committed_windows("windows");
  const Timestamp now = windows().observed_stream_time();
  for (const auto& [from, to] : ranges()) {
    for (const Timestamp since : {Timestamp{0}, now - 90'000, now - 1000}) {
      for (const bool forward : {true, false}) {
        const auto expected = entries(windows().fetch_range(from, to, since, now - 500, forward));
        BOOST_TEST(entries(reader->fetch_range(from, to, since, now - 500, forward)) == expected,
                   boost::test_tools::per_element());
      }
    }
  }
  BOOST_TEST(entries(reader->fetch_range(std::nullopt, std::nullopt, 0, now)).size() > 50U);
}

BOOST_AUTO_TEST_CASE(see_sessions_as_of_the_last_commit) {
  SessionBytesStore& sessions = *set->bytes("sessions").session;
  const auto reader = set->committed_sessions("sessions");
  sessions.put("k", {0, 10}, "1");
  sessions.put("k", {5, 10}, "2");
  set->commit();
  sessions.put("k", {0, 10}, std::nullopt);
  sessions.put("k", {0, 20}, "3");
  BOOST_TEST(reader->fetch_session("k", {0, 10}).value() == "1");
  BOOST_TEST(!reader->fetch_session("k", {1, 10}).has_value());
  BOOST_TEST(!reader->fetch_session("k", {0, 20}).has_value());
  BOOST_TEST(entries(reader->find_sessions("k")) == (Texts{"k@0-10=1", "k@5-10=2"}), boost::test_tools::per_element());
  set->commit();
  BOOST_TEST(entries(reader->find_sessions("k", {}, false)) == (Texts{"k@0-20=3", "k@5-10=2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(see_sessions_of_a_range_of_keys_in_the_order_of_the_store) {
  SessionBytesStore& sessions = *set->bytes("sessions").session;
  std::mt19937 random(8);
  for (int i = 0; i < 300; ++i) {
    const auto start = static_cast<Timestamp>(random() % 300'000);
    sessions.put(kKeys[random() % kKeys.size()], {start, start + static_cast<Timestamp>(random() % 3)},
                 std::to_string(i));
  }
  set->commit();
  const auto reader = set->committed_sessions("sessions");
  const Timestamp now = sessions.observed_stream_time();
  for (const SessionBounds& bounds :
       {SessionBounds(), SessionBounds{.earliest_end = now - 60'000, .latest_start = now - 1000}}) {
    for (const bool forward : {true, false}) {
      for (const auto& [from, to] : ranges()) {
        BOOST_TEST(entries(reader->find_sessions_in_range(from, to, bounds, forward)) ==
                       entries(sessions.find_sessions_in_range(from, to, bounds, forward)),
                   boost::test_tools::per_element());
      }
      for (const S& key : kKeys) {
        BOOST_TEST(entries(reader->find_sessions(key, bounds, forward)) ==
                       entries(sessions.find_sessions(key, bounds, forward)),
                   boost::test_tools::per_element());
      }
    }
  }
  BOOST_TEST(entries(reader->find_sessions_in_range(std::nullopt, std::nullopt)).size() > 50U);
}

BOOST_AUTO_TEST_CASE(see_versions_as_of_the_last_commit) {
  VersionedBytesStore& versions = *set->bytes("versions").versioned;
  const auto reader = set->committed_versions("versions");
  BOOST_TEST(text(reader->get("k")) == "(none)");
  (void)versions.put("k", "1", 10);
  (void)versions.put("k", "2", 20);
  set->commit();
  (void)versions.put("k", "3", 30);
  BOOST_TEST(text(reader->get("k")) == "2@20-");
  BOOST_TEST(text(reader->get("k", 15)) == "1@10-20");
  BOOST_TEST(text(reader->get("k", -1)) == "(none)");
  set->commit();
  BOOST_TEST(text(reader->get("k", 25)) == "2@20-30");
}

BOOST_AUTO_TEST_CASE(see_the_versions_that_the_store_shows) {
  VersionedBytesStore& versions = *set->bytes("versions").versioned;
  std::mt19937 random(9);
  for (int i = 0; i < 500; ++i) {
    const S value = std::to_string(i);
    (void)versions.put(kKeys[random() % kKeys.size()], random() % 4 == 0 ? BytesView() : BytesView(value),
                       static_cast<Timestamp>(i + random() % 2000));
  }
  set->commit();
  const auto reader = set->committed_versions("versions");
  for (const S& key : kKeys) {
    BOOST_TEST(text(reader->get(key)) == text(versions.get(key)));
    for (Timestamp at = -2; at < 2600; ++at) BOOST_TEST(text(reader->get(key, at)) == text(versions.get(key, at)));
  }
}

BOOST_AUTO_TEST_CASE(stores_that_have_no_committed_state_or_another_kind_are_refused_by_name) {
  const auto tells = [](const S& what) {
    return [what](const ProcessorStateException& error) { return S(error.what()).find(what) != S::npos; };
  };
  BOOST_CHECK_EXCEPTION((void)set->committed_key_value("memory"), ProcessorStateException, tells("'memory'"));
  BOOST_CHECK_EXCEPTION((void)set->committed_key_value("memory"), ProcessorStateException, tells("in memory"));
  BOOST_CHECK_EXCEPTION((void)set->committed_key_value("windows"), ProcessorStateException, tells("'windows'"));
  BOOST_CHECK_EXCEPTION((void)set->committed_windows("sessions"), ProcessorStateException, tells("'sessions'"));
  BOOST_CHECK_EXCEPTION((void)set->committed_sessions("windows"), ProcessorStateException,
                        tells("is a window store: read it as that, not as a session store"));
  BOOST_CHECK_EXCEPTION((void)set->committed_versions("counts"), ProcessorStateException, tells("'counts'"));
  BOOST_CHECK_EXCEPTION((void)set->committed_windows("none"), ProcessorStateException, tells("'none'"));
}

BOOST_AUTO_TEST_CASE(report_a_closed_database) {
  counts().put("a", "1");
  counts().put("b", "1");
  set->commit();
  const auto reader = set->committed_key_value("counts");
  const auto window_reader = set->committed_windows("windows");
  const auto walk = reader->range(std::nullopt, std::nullopt);
  const auto empty = reader->range("b", "a");
  BOOST_TEST(walk->valid());
  set.reset();
  BOOST_TEST(S(walk->key()) == "a");
  BOOST_CHECK_THROW(walk->next(), ProcessorStateException);
  BOOST_CHECK_THROW((void)reader->get("a"), ProcessorStateException);
  BOOST_CHECK_THROW((void)reader->range(std::nullopt, std::nullopt), ProcessorStateException);
  BOOST_CHECK_EXCEPTION((void)window_reader->fetch("k", 1), ProcessorStateException,
                        [](const auto& error) { return S(error.what()).find("'windows'") != S::npos; });
}

// Each commit writes its number under all keys. A reader must never see two different numbers, nor a number lower than
// before.
BOOST_AUTO_TEST_CASE(other_threads_see_whole_commits_while_the_writer_goes_on) {
  constexpr int kCommits = 300;
  const Texts keys{"a", "b", "c", "d"};
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::atomic<int> went_back{0};
  std::atomic<int> looks{0};
  const auto reader = set->committed_key_value("counts");
  const auto window_reader = set->committed_windows("windows");
  const auto read = [&] {
    int last = 0;
    int last_window = 0;
    do {
      const Texts seen = entries(reader->range(std::nullopt, std::nullopt));
      for (const S& entry : seen) {
        if (entry.substr(2) != seen.front().substr(2)) ++torn;
      }
      if (!seen.empty()) {
        const int number = std::stoi(seen.front().substr(2));
        if (number < last || seen.size() != keys.size()) ++went_back;
        last = number;
        if (const auto value = reader->get("a"); !value || std::stoi(*value) < number) ++went_back;
      }
      // Each commit has its own window start, with the same value in all its windows.
      const auto windows = window_reader->fetch("k", 0, 1'000'000);
      int count = 0;
      S value;
      for (; windows->valid(); windows->next()) {
        if (count++ > 0 && S(windows->value()) != value) ++torn;
        value = windows->value();
      }
      if (count > 0) {
        if (std::stoi(value) < last_window) ++went_back;
        last_window = std::stoi(value);
      }
      ++looks;
    } while (!done);
  };
  std::thread one(read);
  std::thread two(read);
  for (int i = 1; i <= kCommits; ++i) {
    for (const S& key : keys) {
      counts().put(key, "uncommitted");
      counts().put(key, std::to_string(i));
      (void)counts().get(key);
    }
    for (Timestamp start = 1000; start <= 4000; start += 1000) windows().put("k", std::to_string(i), start);
    (void)windows().fetch("k", 1000);
    set->commit();
    if (i % 100 == 0) set->flush_to_disk();
  }
  done = true;
  one.join();
  two.join();
  BOOST_TEST(torn == 0);
  BOOST_TEST(went_back == 0);
  BOOST_TEST(looks > 0);
  BOOST_TEST(reader->get("a").value() == std::to_string(kCommits));
}

BOOST_AUTO_TEST_CASE(closing_the_database_ends_the_walks_of_other_threads) {
  for (int i = 0; i < 100; ++i) counts().put(std::to_string(i), "v");
  set->commit();
  std::atomic<bool> started{false};
  std::atomic<bool> refused{false};
  const auto reader = set->committed_key_value("counts");
  std::thread walking([&] {
    try {
      for (;;) {
        for (auto walk = reader->range(std::nullopt, std::nullopt); walk->valid(); walk->next()) started = true;
      }
    } catch (const ProcessorStateException&) {
      refused = true;
    }
  });
  while (!started) std::this_thread::yield();
  set.reset();
  walking.join();
  BOOST_TEST(refused);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
