// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

S text(const Headers& headers) {
  S seen;
  for (const auto& header : headers) seen += " " + header.key + "=" + millrace::test::text(header.value);
  return seen;
}

/// Stores each record with its timestamp and headers, and forwards the entry that was stored before. "x" deletes.
struct Keep final : Processor<S, S> {
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<TimestampedKeyValueStoreWithHeaders<S, S>>("s");
    const auto old = store.get(record.key);
    if (record.value == "x") {
      (void)store.remove(record.key);
    } else {
      store.put(record.key, {record.value, record.timestamp, record.headers});
    }
    const auto seen = old ? old->value + "@" + std::to_string(old->timestamp) + text(old->headers) : S("none");
    context().forward(record.with_value(seen).with_headers({}));
  }
};

struct KeepInWindows final : Processor<S, S> {
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<TimestampedWindowStoreWithHeaders<S, S>>("s");
    const auto old = store.fetch(record.key, 0);
    using Kept = ValueTimestampHeaders<S>;
    store.put(record.key,
              record.value == "x" ? std::nullopt : std::optional(Kept{record.value, record.timestamp, record.headers}),
              0);
    const auto seen = old ? old->value + "@" + std::to_string(old->timestamp) + text(old->headers) : S("none");
    context().forward(record.with_value(seen).with_headers({}));
  }
};

struct KeepSessions final : Processor<S, S> {
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<SessionStoreWithHeaders<S, S>>("s");
    const auto old = store.fetch_session(record.key, 0, 100);
    const AggregationWithHeaders<S> made{record.value, record.headers};
    store.put({record.key, {0, 100}}, record.value == "x" ? nullptr : &made);
    const auto seen = old ? old->aggregation + text(old->headers) : S("none");
    context().forward(record.with_value(seen).with_headers({}));
  }
};

template <class P>
Timeline with(StoreBuilder store) {
  StreamsBuilder builder;
  builder.add_state_store(std::move(store));
  builder.stream<S, S>("in").process([] { return std::make_unique<P>(); }, {"s"}).to("out");
  return Timeline(builder.build(), StreamsConfig().set("statestore.cache.max.bytes", "1000000"));
}

/// `value @timestamp headers...` of the stored entry.
std::vector<S> changelog(Timeline& timeline) {
  std::vector<S> lines;
  auto output = timeline.driver().create_output_topic<N, N>("app-s-changelog");
  for (const auto& record : output.read_records_to_list()) {
    lines.push_back(millrace::test::text(record.value) + " @" + std::to_string(record.timestamp) +
                    text(record.headers));
  }
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(StoresWithHeaders)

BOOST_AUTO_TEST_CASE(keep_values_with_their_times_and_headers) {
  for (const StoreMedium medium : kMedia) {
    for (const bool cached : {false, true}) {
      auto store = Stores::timestamped_key_value_store_with_headers<S, S>("s", medium);
      if (cached) store.with_caching_enabled();
      auto timeline = with<Keep>(std::move(store));
      check(timeline, {{"in a=1 @5 h=1 h=2", {"out a=none @5"}}, {"in b=2 @6", {"out b=none @6"}}});
      timeline.driver().restart();  // a store in memory is restored from its changelog
      check(timeline, {{"in a=x @7 g=3", {"out a=1@5 h=1 h=2 @7"}},
                       {"in a=4 @8", {"out a=none @8"}},
                       {"in b=5 @9", {"out b=2@6 @9"}}});
      BOOST_TEST(changelog(timeline) == (std::vector<S>{"1 @5 h=1 h=2", "2 @6", "null @7 g=3", "4 @8", "5 @9"}),
                 boost::test_tools::per_element());
      const auto kept = timeline.driver().get_timestamped_key_value_store_with_headers<S, S>("s").get("b");
      BOOST_TEST((kept == ValueTimestampHeaders<S>{"5", 9, {}}));
    }
  }
}

BOOST_AUTO_TEST_CASE(keep_windows_with_their_times_and_headers) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = with<KeepInWindows>(Stores::timestamped_window_store_with_headers<S, S>("s", 1000ms, 10ms, medium));
    check(timeline, {{"in a=1 @5 h=1", {"out a=none @5"}}});
    timeline.driver().restart();
    check(timeline, {{"in a=x @7 g=3", {"out a=1@5 h=1 @7"}}, {"in a=4 @8 h=4", {"out a=none @8"}}});
    BOOST_TEST(changelog(timeline) == (std::vector<S>{"1 @5 h=1", "null @7 g=3", "4 @8 h=4"}),
               boost::test_tools::per_element());
    const auto kept = timeline.driver().get_timestamped_window_store_with_headers<S, S>("s").fetch("a", 0);
    BOOST_TEST((kept == ValueTimestampHeaders<S>{"4", 8, {{"h", "4"}}}));
  }
}

BOOST_AUTO_TEST_CASE(keep_sessions_with_headers) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = with<KeepSessions>(Stores::session_store_with_headers<S, S>("s", 1000ms, medium));
    check(timeline, {{"in a=1 @5 h=1", {"out a=none @5"}}});
    timeline.driver().restart();
    check(timeline, {{"in a=x @7 g=3", {"out a=1 h=1 @7"}}, {"in a=4 @8 h=4", {"out a=none @8"}}});
    BOOST_TEST(changelog(timeline) == (std::vector<S>{"1 @5 h=1", "null @7 g=3", "4 @8 h=4"}),
               boost::test_tools::per_element());
    const auto kept = timeline.driver().get_session_store_with_headers<S, S>("s").fetch_session("a", 0, 100);
    BOOST_TEST((kept == AggregationWithHeaders<S>{"4", {{"h", "4"}}}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
