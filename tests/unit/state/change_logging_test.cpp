// SPDX-License-Identifier: Apache-2.0
// What stores write to their changelogs: keys, values, timestamps, headers.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "millrace/state/detail/formats.hpp"
#include "millrace/state/detail/header_formats.hpp"
#include "state/changelog/stores.hpp"
#include "state/memory/stores.hpp"
#include "state/task_database.hpp"
#include "unit/state/bytes_support.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

constexpr Timestamp kT = 1700000040000;  // 0000018bcfe60440

/// A changelog record in a form that tests can compare.
struct Logged {
  std::string key;  // hex
  std::optional<std::string> value;
  Timestamp timestamp = 0;
  Headers headers;

  bool operator==(const Logged&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Logged& record) {
    return out << record.key << "=" << (record.value ? hex(*record.value) : "null") << "@" << record.timestamp << " ("
               << record.headers.size() << " headers)";
  }
};

/// Records changelog records. `now` and `headers` are timestamp and headers of the current record.
class RecordingWriter final : public ChangelogWriter {
 public:
  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) override {
    logged.push_back({hex(key), value ? std::optional<std::string>(*value) : std::nullopt, timestamp,
                      headers != nullptr ? *headers : Headers()});
    raw_keys.emplace_back(key);
  }
  [[nodiscard]] Timestamp current_timestamp() const override { return now; }
  [[nodiscard]] const Headers* current_headers() const override { return &headers; }

  Timestamp now = kT;
  Headers headers{{"trace", "1"}};
  std::vector<Logged> logged;
  std::vector<std::string> raw_keys;

  /// The logged records, in the form in which a restore reads them.
  [[nodiscard]] std::vector<RestoreRecord> records() const {
    std::vector<RestoreRecord> records;
    for (std::size_t i = 0; i < logged.size(); ++i) {
      records.push_back({raw_keys[i], logged[i].value ? BytesView(*logged[i].value) : std::nullopt, logged[i].timestamp,
                         &logged[i].headers});
    }
    return records;
  }
};

std::string timestamped(Timestamp timestamp, std::string_view value) {
  std::string bytes;
  formats::append_timestamped_value(bytes, timestamp, value);
  return bytes;
}

std::string with_headers(const Headers& headers, std::string_view rest) {
  std::string bytes;
  formats::append_headers(bytes, headers);
  return bytes.append(rest);
}

std::string text(BytesView bytes) { return bytes ? std::string(*bytes) : "(none)"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(ChangeLoggingStores)

BOOST_AUTO_TEST_CASE(a_plain_key_value_store_logs_under_the_processing_time) {
  RecordingWriter writer;
  const auto store = make_change_logging(make_in_memory_key_value_store("s"), writer, ValueFormat::plain);
  store->put("a", "v");
  store->put("a", std::nullopt);
  store->put("unknown", std::nullopt);
  BOOST_TEST(
      writer.logged == (std::vector<Logged>{
                           {"61", "v", kT, {}}, {"61", std::nullopt, kT, {}}, {hex("unknown"), std::nullopt, kT, {}}}),
      boost::test_tools::per_element());
  BOOST_TEST(text(store->get("a")) == "(none)");
}

BOOST_AUTO_TEST_CASE(a_timestamped_key_value_store_logs_the_bare_value_under_its_own_time) {
  RecordingWriter writer;
  const auto store = make_change_logging(make_in_memory_key_value_store("s"), writer, ValueFormat::timestamped);
  store->put("a", timestamped(kT - 5, "v"));
  store->put("b", timestamped(kT - 4, ""));
  store->put("a", std::nullopt);
  BOOST_TEST(writer.logged ==
                 (std::vector<Logged>{{"61", "v", kT - 5, {}}, {"62", "", kT - 4, {}}, {"61", std::nullopt, kT, {}}}),
             boost::test_tools::per_element());
  BOOST_CHECK_THROW(store->put("c", "short"), SerializationException);
  BOOST_TEST(writer.logged.size() == 3u);
  BOOST_TEST(text(store->get("c")) == "(none)");
}

BOOST_AUTO_TEST_CASE(a_window_store_logs_key_start_and_zero) {
  RecordingWriter writer;
  const auto store =
      make_change_logging(make_in_memory_window_store("s", {60'000, 1000, false}), writer, ValueFormat::plain);
  store->put("a", "v", kT);
  writer.now = kT + 7;
  store->put("a", std::nullopt, kT);
  BOOST_TEST(writer.logged == (std::vector<Logged>{{"610000018bcfe6044000000000", "v", kT, {}},
                                                   {"610000018bcfe6044000000000", std::nullopt, kT + 7, {}}}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_timestamped_window_store_logs_the_bare_value_under_its_own_time) {
  RecordingWriter writer;
  const auto store =
      make_change_logging(make_in_memory_window_store("s", {60'000, 1000, false}), writer, ValueFormat::timestamped);
  store->put("a", timestamped(kT + 3, "v"), kT);
  store->put("a", std::nullopt, kT);
  BOOST_TEST(writer.logged == (std::vector<Logged>{{"610000018bcfe6044000000000", "v", kT + 3, {}},
                                                   {"610000018bcfe6044000000000", std::nullopt, kT, {}}}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_join_store_numbers_every_put_and_logs_headers) {
  RecordingWriter writer;
  const auto store = make_change_logging(make_in_memory_window_store("s", {60'000, 1000, true}), writer,
                                         ValueFormat::plain, LoggedHeaders::all);
  store->put("a", "v", kT);
  store->put("a", std::nullopt, kT);  // logged, not stored
  store->put("a", "w", kT);
  const Headers headers{{"trace", "1"}};
  BOOST_TEST(writer.logged == (std::vector<Logged>{{"610000018bcfe6044000000001", "v", kT, headers},
                                                   {"610000018bcfe6044000000002", std::nullopt, kT, headers},
                                                   {"610000018bcfe6044000000003", "w", kT, headers}}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(puts_that_the_store_skips_as_expired_are_logged_all_the_same) {
  RecordingWriter writer;
  const auto store =
      make_change_logging(make_in_memory_window_store("s", {1000, 1000, false}), writer, ValueFormat::plain);
  store->put("a", "v", kT);
  store->put("a", "late", kT - 1000);
  BOOST_TEST(writer.logged.size() == 2u);
  BOOST_TEST(text(store->fetch("a", kT - 1000)) == "(none)");
}

BOOST_AUTO_TEST_CASE(only_deletes_are_logged_with_record_headers_if_configured) {
  RecordingWriter writer;
  const auto store = make_change_logging(make_in_memory_key_value_store("s"), writer, ValueFormat::timestamped,
                                         LoggedHeaders::of_deletes);
  store->put("a", timestamped(kT - 5, "v"));
  store->put("a", std::nullopt);
  BOOST_TEST(
      writer.logged == (std::vector<Logged>{{"61", "v", kT - 5, {}}, {"61", std::nullopt, kT, {{"trace", "1"}}}}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_store_with_headers_logs_the_bare_value_under_its_own_time_and_headers) {
  const Headers own{{"own", "2"}, {"none", std::nullopt}};
  RecordingWriter writer;
  const auto store =
      make_change_logging(make_in_memory_key_value_store("s"), writer, ValueFormat::timestamped_with_headers);
  store->put("a", with_headers(own, timestamped(kT - 5, "v")));
  store->put("b", with_headers({}, timestamped(kT - 4, "w")));
  store->put("a", std::nullopt);
  BOOST_TEST(writer.logged ==
                 (std::vector<Logged>{
                     {"61", "v", kT - 5, own}, {"62", "w", kT - 4, {}}, {"61", std::nullopt, kT, {{"trace", "1"}}}}),
             boost::test_tools::per_element());
  BOOST_CHECK_THROW(store->put("c", "short"), SerializationException);
}

BOOST_AUTO_TEST_CASE(a_session_store_with_headers_logs_under_the_processing_time) {
  const Headers own{{"own", "2"}};
  const Window session{kT, kT + 5000};
  RecordingWriter writer;
  const auto store = make_change_logging(make_in_memory_session_store("s", 60'000), writer, ValueFormat::with_headers);
  store->put("a", session, with_headers(own, "v"));
  store->put("a", session, std::nullopt);
  const std::string key = "610000018bcfe617c80000018bcfe60440";
  BOOST_TEST(writer.logged == (std::vector<Logged>{{key, "v", kT, own}, {key, std::nullopt, kT, {{"trace", "1"}}}}),
             boost::test_tools::per_element());

  writer.logged.resize(1);
  RecordingWriter second;
  const auto restored =
      make_change_logging(make_in_memory_session_store("s", 60'000), second, ValueFormat::with_headers);
  restored->restore(writer.records());
  BOOST_TEST(text(restored->fetch_session("a", session)) == with_headers(own, "v"));
}

BOOST_AUTO_TEST_CASE(every_store_comes_back_from_its_changelog) {
  for (const ValueFormat format :
       {ValueFormat::plain, ValueFormat::timestamped, ValueFormat::timestamped_with_headers}) {
    RecordingWriter writer;
    const auto value = [&](std::string_view bare) {
      if (format == ValueFormat::plain) return std::string(bare);
      const auto stamped = timestamped(kT - 9, bare);
      return format == ValueFormat::timestamped ? stamped : with_headers({{"of", std::string(bare)}}, stamped);
    };
    {
      const auto store = make_change_logging(make_in_memory_key_value_store("s"), writer, format);
      store->put("a", value("1"));
      store->put("b", value("2"));
      store->put("a", value("3"));
      store->put("b", std::nullopt);
    }
    RecordingWriter second;
    const auto restored = make_change_logging(make_in_memory_key_value_store("s"), second, format);
    restored->restore(writer.records());
    BOOST_TEST(text(restored->get("a")) == value("3"));
    BOOST_TEST(text(restored->get("b")) == "(none)");
    BOOST_TEST(second.logged.empty());  // restoring never writes the changelog

    RecordingWriter window_writer;
    {
      const auto store =
          make_change_logging(make_in_memory_window_store("s", {60'000, 1000, false}), window_writer, format);
      store->put("a", value("1"), kT);
      store->put("a", value("2"), kT + 1000);
      store->put("a", std::nullopt, kT);
    }
    const TempDirectory directory;
    const auto database = TaskDatabase::open(directory.path());
    const auto windows = make_change_logging(database->window_store("s", {60'000, 1000, false}), second, format);
    windows->restore(window_writer.records());
    BOOST_TEST(text(windows->fetch("a", kT)) == "(none)");
    BOOST_TEST(text(windows->fetch("a", kT + 1000)) == value("2"));
    BOOST_TEST(windows->observed_stream_time() == kT + 1000);
    BOOST_TEST(second.logged.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
