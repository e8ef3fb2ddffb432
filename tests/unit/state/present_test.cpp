// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "state/changelog/present.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>

#include "millrace/state/detail/formats.hpp"
#include "millrace/state/detail/header_formats.hpp"
#include "state/memory/stores.hpp"

namespace millrace::detail {

namespace {

using S = std::string;

/// A changelog record that owns its bytes.
struct Line {
  S key;
  std::optional<S> value;
  Timestamp timestamp = 0;
  Headers headers = {};

  bool operator==(const Line&) const = default;
};

std::vector<Line> present(const ByteStore& store, ValueFormat format, const std::vector<Line>& tail,
                          LoggedHeaders headers = LoggedHeaders::none) {
  std::vector<RestoreRecord> records;
  for (const Line& line : tail) {
    records.push_back({line.key, line.value ? BytesView(*line.value) : std::nullopt, line.timestamp, &line.headers});
  }
  std::vector<Line> written;
  write_present(store, format, headers, records,
                [&](std::string_view key, BytesView value, Timestamp timestamp, const Headers* with) {
                  written.push_back({S(key), owned(value), timestamp, with == nullptr ? Headers() : *with});
                });
  return written;
}

S timestamped(Timestamp timestamp, std::string_view value) {
  S bytes;
  formats::append_timestamped_value(bytes, timestamp, value);
  return bytes;
}
S window_key(std::string_view key, Timestamp start, std::uint32_t seq) {
  S bytes;
  formats::append_window_key(bytes, key, start, Sequence(seq));
  return bytes;
}
S session_key(std::string_view key, Timestamp start, Timestamp end) {
  S bytes;
  formats::append_session_key(bytes, key, {start, end});
  return bytes;
}

ByteStore key_values() {
  ByteStore store;
  store.key_value = make_in_memory_key_value_store("st");
  return store;
}

const Headers kTrace{{"trace", "1"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(PresentValues)

BOOST_AUTO_TEST_CASE(of_a_plain_store_are_written_once_per_key_with_the_time_of_the_last_record) {
  const ByteStore store = key_values();
  store.key_value->put("a", "1");
  const std::vector<Line> expected{{"a", "1", 12}, {"b", std::nullopt, 11}};
  BOOST_TEST(
      (present(store, ValueFormat::plain, {{"a", "2", 10}, {"b", "2", 11}, {"a", std::nullopt, 12}}) == expected));
}

BOOST_AUTO_TEST_CASE(of_a_timestamped_store_have_their_own_time) {
  const ByteStore store = key_values();
  store.key_value->put("a", timestamped(5, "1"));
  const std::vector<Line> expected{{"a", "1", 5}, {"b", std::nullopt, 11}};
  BOOST_TEST((present(store, ValueFormat::timestamped, {{"a", "2", 10}, {"b", "2", 11}}) == expected));
}

BOOST_AUTO_TEST_CASE(of_a_store_with_headers_keep_their_headers_and_deletes_get_those_of_the_tail) {
  const ByteStore store = key_values();
  S value;
  formats::append_headers(value, Headers{{"own", "1"}});
  store.key_value->put("a", value + timestamped(5, "1"));
  const std::vector<Line> expected{{"a", "1", 5, Headers{{"own", "1"}}}, {"b", std::nullopt, 11, kTrace}};
  BOOST_TEST((present(store, ValueFormat::timestamped_with_headers, {{"a", "2", 10, kTrace}, {"b", "2", 11, kTrace}}) ==
              expected));
}

BOOST_AUTO_TEST_CASE(of_windows_are_found_by_key_start_and_number) {
  ByteStore store;
  store.window = make_in_memory_window_store("st", {600'000, 1'000, true});
  (void)store.window->put("a", "first", 1'000);
  (void)store.window->put("a", "second", 1'000);
  const std::vector<Line> expected{{window_key("a", 1'000, 2), "second", 7}, {window_key("a", 1'000, 3), {}, 8}};
  BOOST_TEST((present(store, ValueFormat::plain,
                      {{window_key("a", 1'000, 2), "x", 7}, {window_key("a", 1'000, 3), "y", 8}}) == expected));
}

BOOST_AUTO_TEST_CASE(of_sessions_are_found_by_key_and_bounds) {
  ByteStore store;
  store.session = make_in_memory_session_store("st", 600'000);
  store.session->put("a", {10, 20}, "1");
  const std::vector<Line> expected{{session_key("a", 10, 20), "1", 7}, {session_key("a", 10, 30), {}, 8}};
  BOOST_TEST((present(store, ValueFormat::plain,
                      {{session_key("a", 10, 20), std::nullopt, 7}, {session_key("a", 10, 30), "2", 8}}) == expected));
}

BOOST_AUTO_TEST_CASE(of_a_versioned_store_are_those_valid_at_the_times_of_the_tail) {
  StoreSpec spec;
  spec.name = "st";
  spec.kind = StoreKind::versioned;
  spec.retention_ms = 600'000;
  const ByteStore store = make_in_memory_store(spec);
  (void)store.versioned->put("a", "1", 1'000);
  (void)store.versioned->put("a", "2", 2'000);
  const std::vector<Line> tail{{"a", "x", 1'500}, {"a", "y", 3'000}, {"a", "z", 500}};
  const std::vector<Line> written = present(store, ValueFormat::plain, tail);
  const std::vector<Line> expected{{"a", std::nullopt, 500}, {"a", "1", 1'500}, {"a", "2", 3'000}};
  BOOST_TEST((written == expected));

  // A store that is restored from the changelog has the same value at each time.
  const ByteStore other = make_in_memory_store(spec);
  (void)other.versioned->put("a", "1", 1'000);
  (void)other.versioned->put("a", "2", 2'000);
  for (const auto* lines : {&tail, &written}) {
    for (const Line& line : *lines) {
      (void)other.versioned->put(line.key, line.value ? BytesView(*line.value) : std::nullopt, line.timestamp);
    }
  }
  const auto at = [](const ByteStore& from, Timestamp time) {
    const auto version = from.versioned->get("a", time);
    return version ? S(version->value) : S("(none)");
  };
  for (const Timestamp time : {400, 500, 700, 1'000, 1'400, 1'500, 1'900, 2'000, 2'900, 3'000, 9'000}) {
    BOOST_TEST(at(other, time) == at(store, time), "at " << time);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
