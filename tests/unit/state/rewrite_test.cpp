// SPDX-License-Identifier: Apache-2.0
// A store that is written to a changelog, and restored from it.
#define BOOST_TEST_DYN_LINK
#include "state/changelog/rewrite.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/state/detail/formats.hpp"
#include "millrace/state/detail/header_formats.hpp"
#include "state/changelog/change_logging.hpp"
#include "state/memory/stores.hpp"
#include "state/versioned_store.hpp"

namespace millrace::detail {

namespace {

using S = std::string;

struct Line {
  S key;
  std::optional<S> value;
  Timestamp timestamp = 0;
  Headers headers = {};

  bool operator==(const Line&) const = default;
};

constexpr Timestamp kTime = 77;

/// Writes `step` records at a time.
std::vector<Line> rewritten(const ByteStore& store, ValueFormat format, std::size_t step = 1) {
  std::vector<Line> lines;
  ChangelogRewrite rewrite(store, format, LoggedHeaders::none, kTime);
  const auto write = [&](std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) {
    lines.push_back({S(key), owned(value), timestamp, headers == nullptr ? Headers() : *headers});
  };
  std::size_t before = 0;
  while (rewrite.write(step, write)) {
    BOOST_TEST(lines.size() == before + step);
    before = lines.size();
  }
  return lines;
}

std::vector<RestoreRecord> records(const std::vector<Line>& lines) {
  std::vector<RestoreRecord> all;
  for (const Line& line : lines) {
    all.push_back({line.key, line.value ? BytesView(*line.value) : std::nullopt, line.timestamp, &line.headers});
  }
  return all;
}

ByteStore key_values() {
  ByteStore store;
  store.key_value = make_in_memory_key_value_store("st");
  return store;
}
ByteStore windows(bool duplicates) {
  ByteStore store;
  store.window = make_in_memory_window_store("st", {1'000'000, 1000, duplicates});
  return store;
}
ByteStore sessions() {
  ByteStore store;
  store.session = make_in_memory_session_store("st", 1'000'000);
  return store;
}
ByteStore versions() {
  ByteStore store;
  store.versioned = make_versioned_store(make_in_memory_key_value_store("st"), 100);
  return store;
}

S timestamped(Timestamp timestamp, std::string_view value) {
  S bytes;
  formats::append_timestamped_value(bytes, timestamp, value);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(RewrittenStores)

// Otherwise the changelog of an empty store would look like one that has lost its records.
BOOST_AUTO_TEST_CASE(write_a_tombstone_for_no_key_if_they_are_empty) {
  const ByteStore key_value = key_values();
  const std::vector<Line> plain{{"", std::nullopt, 0}};
  BOOST_TEST((rewritten(key_value, ValueFormat::timestamped) == plain));
  restore_changes(*key_value.key_value, ValueFormat::timestamped, records(plain));
  BOOST_TEST((rewritten(key_value, ValueFormat::timestamped) == plain));

  const ByteStore versioned = versions();
  BOOST_TEST((rewritten(versioned, ValueFormat::plain) == plain));
  versioned.versioned->restore(records(plain));
  BOOST_TEST(!versioned.versioned->get("", 1'000));

  for (const bool duplicates : {false, true}) {
    const ByteStore window = windows(duplicates);
    const std::vector<Line> windowed{{S(12, '\0'), std::nullopt, 0}};
    BOOST_TEST((rewritten(window, ValueFormat::plain) == windowed));
    restore_changes(*window.window, ValueFormat::plain, records(windowed));
    BOOST_TEST((rewritten(window, ValueFormat::plain) == windowed));
  }

  const ByteStore session = sessions();
  const std::vector<Line> in_session{{S(16, '\0'), std::nullopt, 0}};
  BOOST_TEST((rewritten(session, ValueFormat::plain) == in_session));
  restore_changes(*session.session, ValueFormat::plain, records(in_session));
  BOOST_TEST((rewritten(session, ValueFormat::plain) == in_session));
}

BOOST_AUTO_TEST_CASE(write_all_values_with_their_times) {
  const ByteStore plain = key_values();
  plain.key_value->put("a", "1");
  plain.key_value->put("b", "2");
  BOOST_TEST((rewritten(plain, ValueFormat::plain) == std::vector<Line>{{"a", "1", kTime}, {"b", "2", kTime}}));

  const ByteStore timed = key_values();
  timed.key_value->put("a", timestamped(5, "1"));
  BOOST_TEST((rewritten(timed, ValueFormat::timestamped) == std::vector<Line>{{"a", "1", 5}}));

  const ByteStore with_headers = key_values();
  S value;
  formats::append_headers(value, Headers{{"own", "1"}});
  with_headers.key_value->put("a", value + timestamped(5, "1"));
  BOOST_TEST((rewritten(with_headers, ValueFormat::timestamped_with_headers) ==
              std::vector<Line>{{"a", "1", 5, {{"own", "1"}}}}));
}

BOOST_AUTO_TEST_CASE(give_the_same_windows_after_a_restore) {
  for (const bool duplicates : {false, true}) {
    const ByteStore store = windows(duplicates);
    for (const Timestamp start : {1'000, 2'000, 2'000, 3'000}) {
      store.window->put("a", std::to_string(start), start);
      store.window->put("b", std::to_string(start), start);
    }
    const auto lines = rewritten(store, ValueFormat::plain, 3);
    BOOST_TEST(lines.size() == (duplicates ? 8U : 6U));
    BOOST_TEST(lines.front().timestamp == 1'000);
    const ByteStore restored = windows(duplicates);
    restore_changes(*restored.window, ValueFormat::plain, records(lines));
    BOOST_TEST((rewritten(restored, ValueFormat::plain) == lines));
    BOOST_TEST(restored.window->observed_stream_time() == 3'000);
  }
}

BOOST_AUTO_TEST_CASE(give_the_same_versions_after_a_restore) {
  const ByteStore store = versions();
  const auto put = [&](std::string_view key, BytesView value, Timestamp time) {
    BOOST_TEST(store.versioned->put(key, value, time).accepted);
  };
  put("old", "o", 1);
  put("a", "1", 1'000);
  put("a", "2", 1'020);
  put("b", "1", 1'005);
  put("b", std::nullopt, 1'010);
  put("c", "1", 1'030);
  put("c", std::nullopt, 1'040);
  put("c", "2", 1'050);
  const ByteStore restored = versions();
  const auto lines = rewritten(store, ValueFormat::plain, 2);
  restored.versioned->restore(records(lines));
  for (const char* key : {"old", "a", "b", "c", "d"}) {
    for (Timestamp time = 990; time < 1'060; ++time) {
      const auto expected = store.versioned->get(key, time);
      const S text = expected ? S(expected->value) : "(none)";
      const auto found = restored.versioned->get(key, time);
      BOOST_TEST((found ? S(found->value) : "(none)") == text, key << " at " << time);
    }
  }
  BOOST_TEST(restored.versioned->observed_stream_time() == store.versioned->observed_stream_time());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
