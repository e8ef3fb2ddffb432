// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/windowed.hpp"
#include "millrace/state/detail/formats.hpp"
#include "millrace/state/stores.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

using S = std::string;
using Texts = std::vector<S>;
using Context = ProcessorContext<S, S>;

/// A processor whose body is a function.
class Scripted final : public Processor<S, S> {
 public:
  using Body = std::function<void(Context&, const Record<S, S>&)>;
  explicit Scripted(Body body) : body_(std::move(body)) {}
  void process(Record<S, S> record) override { body_(context(), record); }

 private:
  Body body_;
};

/// Builds a topology in which topic "in" goes to a processor with the store "st".
Topology with_store(
    StoreBuilder store, Scripted::Body body = [](Context&, const Record<S, S>&) {}) {
  StreamsBuilder builder;
  builder.add_state_store(std::move(store));
  builder.stream<S, S>("in").process([body] { return std::make_unique<Scripted>(body); }, {"st"});
  return builder.build();
}

/// The records of a topic as `key=value@timestamp`.
Texts read_all(TopologyTestDriver& driver, const S& topic) {
  auto out = driver.create_output_topic<S, std::optional<S>>(topic);
  Texts records;
  while (!out.is_empty()) {
    const auto record = out.read_record();
    records.push_back(record.key + "=" + record.value.value_or("null") + "@" + std::to_string(record.timestamp));
  }
  return records;
}

const S kChangelog = "topology-test-driver-st-changelog";

template <class Iterator>
Texts sessions_of(Iterator sessions) {
  Texts rows;
  for (const auto& [session, value] : sessions) {
    rows.push_back(session.key + "[" + std::to_string(session.window.start) + "," + std::to_string(session.window.end) +
                   "]=" + value);
  }
  return rows;
}

void put_session(SessionStore<S, S>& store, const S& key, Timestamp start, Timestamp end, const S& value) {
  store.put({key, {start, end}}, &value);
}

StreamsConfig uncached() {
  StreamsConfig config;
  config.set("statestore.cache.max.bytes", "0");
  return config;
}

void put_twice(Context& context, const Record<S, S>& record) {
  auto& store = context.get_state_store<KeyValueStore<S, S>>("st");
  store.put(record.key, "first");
  store.put(record.key, record.value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(StateStores)

BOOST_AUTO_TEST_CASE(a_key_value_store_scans_prefixes_and_takes_many_at_once) {
  TopologyTestDriver driver(with_store(Stores::key_value_store<S, S>("st")));
  auto& store = driver.get_key_value_store<S, S>("st");
  store.put_all({{"a", "1"}, {"ab", "2"}, {"b", "3"}});
  Texts found;
  for (const auto& [key, value] : store.prefix_scan(S("a"))) found.push_back(key + value);
  BOOST_TEST(found == (Texts{"a1", "ab2"}), boost::test_tools::per_element());
  BOOST_TEST((driver.dump_state_store("st") == std::vector<std::pair<S, S>>{{"a", "1"}, {"ab", "2"}, {"b", "3"}}));
}

BOOST_AUTO_TEST_CASE(an_iterator_peeks_at_the_next_key) {
  for (const auto medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    TopologyTestDriver driver(with_store(Stores::key_value_store<S, S>("st", medium)));
    auto& store = driver.get_key_value_store<S, S>("st");
    store.put_all({{"a", "1"}, {"b", "2"}});
    auto walk = store.all();
    BOOST_TEST(walk.peek_next_key().value() == "a");
    BOOST_TEST(walk.peek_next_key().value() == "a");
    BOOST_TEST(walk.next()->value == "1");
    BOOST_TEST(walk.peek_next_key().value() == "b");
    BOOST_TEST(walk.next()->value == "2");
    BOOST_TEST(!walk.peek_next_key());
    BOOST_TEST(!walk.next());
  }
}

BOOST_AUTO_TEST_CASE(an_iteration_ends_although_forwarded_records_are_put_into_its_store) {
  for (const auto medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    StreamsBuilder builder;
    builder.add_state_store(Stores::key_value_store<S, S>("st", medium));
    const auto forward_all = [](Context& context, const Record<S, S>& record) {
      for (const auto& [key, value] : context.get_state_store<KeyValueStore<S, S>>("st").all()) {
        context.forward({key, value, record.timestamp, {}});
      }
    };
    const auto put_behind = [](Context& context, const Record<S, S>& record) {
      context.get_state_store<KeyValueStore<S, S>>("st").put_all(
          {{record.key + "'", "new"}, {"a", "seen already"}, {"d", "still to come"}});
      context.forward(record);
    };
    builder.stream<S, S>("in")
        .process([=] { return std::make_unique<Scripted>(forward_all); }, {"st"})
        .process([=] { return std::make_unique<Scripted>(put_behind); }, {"st"})
        .to("out");
    TopologyTestDriver driver(builder.build());
    auto& store = driver.get_key_value_store<S, S>("st");
    store.put_all({{"a", "1"}, {"b", "2"}, {"d", "3"}});
    driver.create_input_topic<S, S>("in").pipe_input("go", "", 10);
    // As in Java, an iterator over RocksDB shows the store as it was at the start. An iterator over a store in memory
    // shows current values.
    const S last = medium == StoreMedium::rocksdb ? "d=3@10" : "d=still to come@10";
    BOOST_TEST(read_all(driver, "out") == (Texts{"a=1@10", "b=2@10", last}), boost::test_tools::per_element());
    BOOST_TEST((store.get("d'") == "new"));
  }
}

BOOST_AUTO_TEST_CASE(a_window_store_is_walked_both_ways) {
  TopologyTestDriver driver(with_store(Stores::timestamped_window_store<S, S>("st", Millis(100'000), Millis(1'000))));
  auto& store = driver.get_timestamped_window_store<S, S>("st");
  store.put("a", ValueAndTimestamp<S>{"1", 5}, 0);
  store.put("b", ValueAndTimestamp<S>{"2", 6}, 0);
  store.put("a", ValueAndTimestamp<S>{"3", 1'500}, 1'000);
  Texts found;
  for (const auto& [key, value] : store.backward_all()) {
    found.push_back(key.key + "[" + std::to_string(key.window.start) + "," + std::to_string(key.window.end) +
                    ")=" + value.value + "@" + std::to_string(value.timestamp));
  }
  BOOST_TEST(found == (Texts{"b[0,1000)=2@6", "a[1000,2000)=3@1500", "a[0,1000)=1@5"}),
             boost::test_tools::per_element());
  S key;
  formats::append_window_key(key, "a", 1'000, Sequence());
  BOOST_TEST((driver.dump_state_store("st")[1].first == key));
}

BOOST_AUTO_TEST_CASE(a_session_store_finds_sessions_that_a_record_may_extend) {
  for (const auto medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    TopologyTestDriver driver(with_store(Stores::session_store<S, S>("st", Millis(100'000), medium)));
    auto& store = driver.get_session_store<S, S>("st");
    put_session(store, "a", 10, 20, "1");
    put_session(store, "a", 40, 50, "2");
    put_session(store, "b", 30, 50, "3");
    BOOST_TEST(sessions_of(store.find_sessions(S("a"), 15, 39)) == Texts{"a[10,20]=1"},
               boost::test_tools::per_element());
    BOOST_TEST(sessions_of(store.backward_fetch(S("a"))) == (Texts{"a[40,50]=2", "a[10,20]=1"}),
               boost::test_tools::per_element());
    BOOST_TEST(sessions_of(store.find_sessions(Timestamp(50), Timestamp(50))).size() == 2u);
    BOOST_TEST(store.fetch_session("b", 30, 50).value_or("none") == "3");
    store.remove({"b", {30, 50}});
    BOOST_TEST(!store.fetch_session("b", 30, 50).has_value());
    S key;
    formats::append_session_key(key, "a", {10, 20});
    BOOST_TEST((driver.dump_state_store("st").front() == std::pair<S, S>(key, "1")));
  }
}

BOOST_AUTO_TEST_CASE(a_versioned_store_reads_as_of_a_time_and_logs_with_the_version_s_time) {
  const auto body = [](Context& context, const Record<S, S>& record) {
    auto& store = context.get_state_store<VersionedKeyValueStore<S, S>>("st");
    (void)store.put(record.key, record.value == "-" ? nullptr : &record.value, record.timestamp);
  };
  TopologyTestDriver driver(with_store(Stores::persistent_versioned_key_value_store<S, S>("st", Millis(100)), body));
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("k", "one", 200);
  in.pipe_input("k", "two", 300);
  in.pipe_input("k", "late", 199);  // rejected, but logged
  in.pipe_input("k", "-", 250);
  const auto check = [&] {
    auto& store = driver.get_versioned_key_value_store<S, S>("st");
    BOOST_TEST((store.get("k") == VersionedRecord<S>{"two", 300, std::nullopt}));
    BOOST_TEST((store.get("k", 249) == VersionedRecord<S>{"one", 200, 250}));
    BOOST_TEST(!store.get("k", 250).has_value());
    BOOST_TEST(!store.get("k", 199).has_value());
  };
  check();
  BOOST_TEST(read_all(driver, kChangelog) == (Texts{"k=one@200", "k=two@300", "k=late@199", "k=null@250"}),
             boost::test_tools::per_element());
  driver.restart();
  check();
  auto& store = driver.get_versioned_key_value_store<S, S>("st");
  BOOST_TEST((store.remove("k", 300) == VersionedRecord<S>{"two", 300, std::nullopt}));
  BOOST_TEST(!store.remove("k", 100).has_value());
}

BOOST_AUTO_TEST_CASE(sessions_in_memory_come_back_from_their_changelog) {
  const auto body = [](Context& context, const Record<S, S>& record) {
    auto& store = context.get_state_store<SessionStore<S, S>>("st");
    put_session(store, record.key, record.timestamp, record.timestamp + 5, record.value);
    if (record.value == "2") store.remove({record.key, {10, 15}});
  };
  TopologyTestDriver driver(
      with_store(Stores::session_store<S, S>("st", Millis(100'000), StoreMedium::in_memory), body));
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("a", "1", 10);
  in.pipe_input("a", "2", 20);
  driver.restart();
  BOOST_TEST(sessions_of(driver.get_session_store<S, S>("st").fetch(S("a"))) == Texts{"a[20,25]=2"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_restart_after_a_failure_goes_back_to_the_last_commit) {
  const auto body = [](Context& context, const Record<S, S>& record) {
    context.get_state_store<KeyValueStore<S, S>>("st").put(record.key, record.value);
    if (record.value == "bad") throw std::runtime_error("no");
  };
  for (const StoreMedium medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    TopologyTestDriver driver(with_store(Stores::key_value_store<S, S>("st", medium), body), uncached());
    auto in = driver.create_input_topic<S, S>("in");
    in.pipe_input("a", "1", 10);
    BOOST_CHECK_THROW(in.pipe_input("a", "bad", 10), StreamsException);
    for (const S value : {"1", "2"}) {
      driver.restart();
      BOOST_TEST((driver.dump_state_store("st") == std::vector<std::pair<S, S>>{{"a", value}}));
      in.pipe_input("a", "2", 10);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_lru_map_forgets_what_was_not_used_for_the_longest_time) {
  const auto body = [](Context& context, const Record<S, S>& record) {
    context.get_state_store<KeyValueStore<S, S>>("st").put(record.key, record.value);
  };
  TopologyTestDriver driver(with_store(Stores::lru_map<S, S>("st", 2), body));
  auto in = driver.create_input_topic<S, S>("in");
  for (const char* key : {"a", "b", "a", "c"}) in.pipe_input(key, "v", 10);
  BOOST_TEST(read_all(driver, kChangelog) == (Texts{"a=v@10", "b=v@10", "a=v@10", "b=null@10", "c=v@10"}),
             boost::test_tools::per_element());
  driver.restart();
  BOOST_TEST((driver.dump_state_store("st") == std::vector<std::pair<S, S>>{{"a", "v"}, {"c", "v"}}));
  BOOST_TEST(read_all(driver, kChangelog).empty());
}

BOOST_AUTO_TEST_CASE(an_lru_map_logs_put_all_like_single_puts) {
  const auto body = [](Context& context, const Record<S, S>&) {
    context.get_state_store<KeyValueStore<S, S>>("st").put_all({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  };
  TopologyTestDriver driver(with_store(Stores::lru_map<S, S>("st", 2), body));
  driver.create_input_topic<S, S>("in").pipe_input("go", "", 10);
  // Java logs a=null first and a=1 last. Then the changelog keeps the evicted entry for good.
  BOOST_TEST(read_all(driver, kChangelog) == (Texts{"a=1@10", "b=2@10", "a=null@10", "c=3@10"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cache_logs_only_the_last_update_of_a_record) {
  TopologyTestDriver driver(with_store(Stores::key_value_store<S, S>("st").with_caching_enabled(), put_twice));
  driver.create_input_topic<S, S>("in").pipe_input("a", "last", 10);
  BOOST_TEST(read_all(driver, kChangelog) == Texts{"a=last@10"}, boost::test_tools::per_element());
  BOOST_TEST((driver.get_key_value_store<S, S>("st").get("a") == "last"));
}

BOOST_AUTO_TEST_CASE(without_cache_each_update_is_logged) {
  const auto check = [](const StoreBuilder& store, StreamsConfig config) {
    TopologyTestDriver driver(with_store(store, put_twice), std::move(config));
    driver.create_input_topic<S, S>("in").pipe_input("a", "last", 10);
    BOOST_TEST(read_all(driver, kChangelog) == (Texts{"a=first@10", "a=last@10"}), boost::test_tools::per_element());
  };
  check(Stores::key_value_store<S, S>("st"), {});
  check(Stores::key_value_store<S, S>("st").with_caching_enabled(), uncached());
  check(Stores::key_value_store<S, S>("st").with_caching_enabled().with_caching_disabled(), {});
}

BOOST_AUTO_TEST_CASE(a_cache_that_is_full_logs_at_once) {
  StreamsConfig config;
  config.set("statestore.cache.max.bytes", "10");
  TopologyTestDriver driver(with_store(Stores::key_value_store<S, S>("st").with_caching_enabled(), put_twice),
                            std::move(config));
  driver.create_input_topic<S, S>("in").pipe_input("a", "last", 10);
  BOOST_TEST(read_all(driver, kChangelog) == (Texts{"a=first@10", "a=last@10"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_table_with_a_cache_forwards_each_key_once_per_commit) {
  const auto results = [](StreamsConfig config) {
    StreamsBuilder builder;
    builder.stream<S, S>("in")
        .flat_map_values([](const S& value) { return Texts(value.size(), "x"); })
        .group_by_key()
        .count()
        .to_stream()
        .map_values([](const std::optional<std::int64_t>& count) { return std::to_string(*count); })
        .to("out");
    TopologyTestDriver driver(builder.build(), std::move(config));
    auto in = driver.create_input_topic<S, S>("in");
    auto out = driver.create_output_topic<S, S>("out");
    in.pipe_input("a", "123", 10, {{"h", "first"}});
    in.pipe_input("a", "12", 5, {{"h", "second"}});
    Texts texts;
    for (const auto& record : out.read_records_to_list()) {
      texts.push_back(record.value + "@" + std::to_string(record.timestamp) + " " + *record.headers.last("h")->value);
    }
    return texts;
  };
  BOOST_TEST(results({}) == (Texts{"3@10 first", "5@10 second"}), boost::test_tools::per_element());
  BOOST_TEST(results(uncached()) == (Texts{"1@10 first", "2@10 first", "3@10 first", "4@10 second", "5@10 second"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_settings_are_refused) {
  using Error = TopologyException;
  BOOST_CHECK_THROW((void)(Stores::session_store<S, S>("st", Millis(-1))), Error);
  BOOST_CHECK_THROW((void)(Stores::lru_map<S, S>("st", 0)), Error);
  BOOST_CHECK_THROW((void)(Stores::persistent_versioned_key_value_store<S, S>("st", Millis(-1))), Error);
  BOOST_CHECK_THROW((void)(Stores::persistent_versioned_key_value_store<S, S>("st", Millis(1), Millis(0))), Error);
  TopologyTestDriver driver(with_store(Stores::persistent_versioned_key_value_store<S, S>("st", Millis(1))));
  BOOST_CHECK_THROW((void)driver.dump_state_store("st"), Error);
  BOOST_CHECK_THROW((void)driver.get_state_store("other"), Error);
  BOOST_CHECK_THROW((void)(driver.get_session_store<S, S>("st")), Error);
  BOOST_TEST(driver.get_state_store("st").name() == "st");
}

BOOST_AUTO_TEST_CASE(changes_flushed_at_a_commit_are_part_of_it_in_every_store) {
  // The store "st" is flushed before the table's store. Flushing the table's store puts changes into "st".
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<S, S>("st").with_caching_enabled());
  const auto stream = builder.stream<S, S>("in");
  stream.process([] { return std::make_unique<Scripted>([](Context&, const Record<S, S>&) {}); }, {"st"});
  stream.group_by_key()
      .reduce([](const S& aggregate, const S& value) { return aggregate + value; }, Materialized::as("sums"))
      .to_stream()
      .map_values([](const std::optional<S>& sum) { return sum.value_or("none"); })
      .process(
          [] {
            return std::make_unique<Scripted>([](Context& context, const Record<S, S>& record) {
              context.get_state_store<KeyValueStore<S, S>>("st").put(record.key, record.value);
            });
          },
          {"st"});
  TopologyTestDriver driver(builder.build(), StreamsConfig().set("statestore.cache.max.bytes", "10485760"));
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("a", "1", 5);
  BOOST_TEST(read_all(driver, kChangelog) == Texts{"a=1@5"}, boost::test_tools::per_element());
  in.pipe_input("a", "2", 6);
  BOOST_TEST(read_all(driver, kChangelog) == Texts{"a=12@6"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
