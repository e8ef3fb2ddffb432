// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

// Tests of dsl.store.format=HEADERS. As in Kafka Streams, operators other than suppress put no headers into their
// stores, so the setting changes less than its name promises.

namespace {

StreamsConfig with_format(const S& format) { return StreamsConfig().set("dsl.store.format", format); }

/// The changelog of store `s`, as lines `key=value headers...`.
std::vector<S> changelog(Timeline& timeline) {
  std::vector<S> lines;
  auto output = timeline.driver().create_output_topic<N, N>("app-s-changelog");
  for (const auto& record : output.read_records_to_list()) {
    S line = text(record.key).substr(0, 1) + "=" + text(record.value);
    for (const auto& header : record.headers) line += " " + header.key + "=" + text(header.value);
    lines.push_back(std::move(line));
  }
  return lines;
}

/// "x" deletes the key.
N last_or_delete(const S&, const S& value) { return value == "x" ? N() : N(value); }

Topology reduced(const Materialized& materialized) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().reduce(last_or_delete, materialized).to_stream().to("out");
  return builder.build();
}

/// The changelog of a value and its deletion, both written with headers.
std::vector<S> logged(const S& format, const Materialized& materialized, const S& cache = "0") {
  Timeline timeline(reduced(materialized), with_format(format).set("statestore.cache.max.bytes", cache));
  check(timeline, {{"in a=1 @5 h=1", {"out a=1 @5 h=1"}}, {"in a=x @6 g=2 g=3", {"out a=null @6 g=2 g=3"}}});
  return changelog(timeline);
}

/// A table whose changes are suppressed for 10 ms in the store `held-store`.
template <class Buffer>
Topology suppressed(const Buffer& buffer) {
  StreamsBuilder builder;
  builder.table<S, S>("in")
      .suppress(Suppressed::until_time_limit(10ms, buffer).with_name("held"))
      .to_stream()
      .to("out");
  return builder.build();
}

/// One header and a timestamp, in the bytes that precede a value in a store with headers.
S origin(char key, char value, char timestamp) {
  return S{'\x0a', '\x02', '\x02', key, '\x02', value} + S(7, '\0') + timestamp;
}

const std::vector<S> kWithout{"a=1", "a=null"};
const std::vector<S> kOfTheDelete{"a=1", "a=null g=2 g=3"};

}  // namespace

BOOST_AUTO_TEST_SUITE(HeadersFormat)

BOOST_AUTO_TEST_CASE(logs_deletes_with_the_headers_of_their_record) {
  const auto store = Materialized::as("s");
  BOOST_TEST(logged("DEFAULT", store) == kWithout, boost::test_tools::per_element());
  BOOST_TEST(logged("HEADERS", store) == kOfTheDelete, boost::test_tools::per_element());
  BOOST_TEST(logged("headers", store) == kOfTheDelete, boost::test_tools::per_element());
  BOOST_TEST(logged("HEADERS", store, "1000000") == kOfTheDelete, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(applies_to_stores_in_rocksdb_only) {
  const auto in_memory = Materialized::as("s").with_store_type(StoreMedium::in_memory);
  BOOST_TEST(logged("HEADERS", in_memory) == kWithout, boost::test_tools::per_element());
  const auto versioned = Materialized::as_versioned("s", 1s);
  BOOST_TEST(logged("HEADERS", versioned) == kWithout, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(applies_to_tables_derived_from_tables) {
  StreamsBuilder builder;
  builder.table<S, S>("in")
      .filter([](const S& value) { return value != "x"; }, Materialized::as("s"))
      .to_stream()
      .to("out");
  Timeline timeline(builder.build(), with_format("HEADERS"));
  check(timeline, {{"in a=1 @5 h=1", {"out a=1 @5 h=1"}}, {"in a=x @6 g=2", {"out a=null @6 g=2"}}});
  BOOST_TEST(changelog(timeline) == (std::vector<S>{"a=1", "a=null g=2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(makes_a_cached_session_store_emit_no_headers) {
  const auto after_two = [](const S& format) {
    Timeline timeline(windowed([](auto grouped) {
                        return grouped.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(10ms))
                            .count(Materialized::as("s"));
                      }),
                      with_format(format).set("statestore.cache.max.bytes", "1000000"));
    (void)timeline.feed("in a=1 @5 h=1");
    return timeline.feed("in a=2 @8 g=2");
  };
  BOOST_TEST((after_two("DEFAULT") == std::vector<S>{"out a[5,5)=null @5 g=2", "out a[5,8)=2 @8 g=2"}));
  BOOST_TEST((after_two("HEADERS") == std::vector<S>{"out a[5,5)=null @5", "out a[5,8)=2 @8"}));
}

BOOST_AUTO_TEST_CASE(makes_suppress_log_headers_and_time_of_old_values) {
  const S version = "v=\x03";
  const S unknown = S(1, '\0') + S(8, '\xff');
  for (const bool headers : {false, true}) {
    Timeline timeline(suppressed(BufferConfig::unbounded()), with_format(headers ? "HEADERS" : "DEFAULT"));
    const auto logged_with = [&](const S& line) {
      (void)timeline.feed(line);
      std::vector<S> all;
      auto output = timeline.driver().create_output_topic<S, std::optional<Bytes>>("app-held-store-changelog");
      const auto records = output.read_records_to_list();
      for (const auto& header : records.back().headers) {
        all.push_back(header.key + "=" + text(header.value));
      }
      return all;
    };
    const auto expected = [&](const std::vector<S>& origins) {
      std::vector<S> all{version};
      if (headers) all.insert(all.end(), origins.begin(), origins.end());
      return all;
    };
    BOOST_TEST(logged_with("in a=1 @5") == expected({}), boost::test_tools::per_element());
    (void)timeline.feed("in b=1 @15");  // emits a
    BOOST_TEST(logged_with("in a=2 @20 h=1") == expected({"vh.old=" + unknown}), boost::test_tools::per_element());
    BOOST_TEST(logged_with("in a=3 @21 g=2") == expected({"vh.prior=" + unknown, "vh.old=" + origin('h', '1', 20)}),
               boost::test_tools::per_element());
    timeline.driver().restart();
    BOOST_TEST(logged_with("in a=4 @22") == expected({"vh.prior=" + unknown, "vh.old=" + origin('g', '2', 21)}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(makes_suppress_count_bytes_of_headers_and_timestamps) {
  // A change has 32 bytes: 8 fixed, 1 for the key, 1 for the value, 22 for its record context. With headers the value
  // has 9 more.
  const auto out = [](const S& format, std::int64_t limit) {
    Timeline timeline(suppressed(BufferConfig::max_bytes(limit)), with_format(format));
    return timeline.feed("in a=1 @5");
  };
  const std::vector<S> held;
  const std::vector<S> early{"out a=1 @5"};
  BOOST_TEST(out("DEFAULT", 31) == early, boost::test_tools::per_element());
  BOOST_TEST(out("DEFAULT", 32) == held, boost::test_tools::per_element());
  BOOST_TEST(out("HEADERS", 40) == early, boost::test_tools::per_element());
  BOOST_TEST(out("HEADERS", 41) == held, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keeps_the_store_types_of_tables) {
  Timeline timeline(reduced(Materialized::as("s")), with_format("HEADERS"));
  (void)timeline.feed("in a=1 @5 h=1");
  const auto kept = timeline.driver().get_timestamped_key_value_store<S, S>("s").get("a");
  BOOST_TEST((kept == ValueAndTimestamp<S>{"1", 5}));
}

BOOST_AUTO_TEST_CASE(comes_back_after_a_restart) {
  Timeline timeline(reduced(Materialized::as("s")), with_format("HEADERS"));
  (void)timeline.feed("in a=1 @5 h=1");
  timeline.driver().restart();
  check(timeline, {{"in a=2 @4", {"out a=2 @5"}}});
}

BOOST_AUTO_TEST_SUITE_END()
