// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/websocket/websocket_source.hpp"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "trades/exchange_stand_in/stand_in.hpp"

using namespace millrace;
using namespace millrace::connect;

namespace {

/// Subscribes to A; a message is a record.
struct Whole final : WebSocketHandler {
  std::vector<std::string> on_connect() override { return {R"({"type":"subscribe","symbol":"A"})"}; }
  void on_message(std::string_view message, WebSocketOutput& out) override {
    // A message of this kind gives three records.
    const int copies = message == "three" ? 3 : 1;
    for (int i = 0; i < copies; ++i) out.records().push_back({.value = std::string(message)});
  }
};

struct Context final : SourceContext {
  [[nodiscard]] const std::optional<SourcePosition>& position() const override { return none; }
  [[nodiscard]] std::stop_token stop() const override { return source.get_token(); }
  void report_gap(Timestamp from, Timestamp until, std::string_view why) override {
    BOOST_TEST(from <= until);
    gaps.emplace_back(why);
  }
  void warn(std::string_view message) override { warnings.emplace_back(message); }

  std::optional<SourcePosition> none;
  std::stop_source source;
  std::vector<std::string> gaps, warnings;
};

/// A stand-in that sends what the test says, and a source that is connected to it.
struct Fixture {
  trades::ExchangeStandIn far_side{{.token = "t", .play = false},
                                   trades::invent_feed(1, {"A"}, 1000, 1'700'000'000'000)};
  WebSocketOptions options{.url = fmt::format("ws://127.0.0.1:{}", far_side.port()),
                           .secret_query = {{"token", Secret("t")}},
                           .max_message_bytes = 1000};
  Context context;
  std::optional<WebSocketSource> source;
  std::vector<SourceRecord> records;

  void open() {
    if (!source) source.emplace(options, std::make_unique<Whole>());
    source->open(context);
  }
  /// Polls until there are `count` records. Throws what poll() throws.
  void poll_until(std::size_t count, std::size_t max_records = 100) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (records.size() < count) {
      BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
      BOOST_TEST(source->poll(records, max_records, Millis(50)));
    }
  }
  /// Polls until the connection ends; says why.
  std::string end_of_connection() {
    try {
      poll_until(1'000'000);
    } catch (const RetriableException& error) {
      source->close();
      return error.what();
    }
    return {};
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(Source, Fixture)

BOOST_AUTO_TEST_CASE(messages_become_records_in_order) {
  open();
  for (int i = 0; i < 100; ++i) far_side.command("raw message " + std::to_string(i));
  poll_until(100);
  for (std::size_t i = 0; i < 100; ++i) BOOST_TEST(*records[i].value == "message " + std::to_string(i));
  BOOST_TEST(source->name() == fmt::format("ws://127.0.0.1:{}", far_side.port()));
  BOOST_TEST(context.gaps.empty());
}

BOOST_AUTO_TEST_CASE(a_poll_returns_no_more_records_than_asked_for) {
  open();
  far_side.command("raw three");
  poll_until(1, 2);
  BOOST_TEST(records.size() == 2U);
  records.clear();
  poll_until(1, 2);
  BOOST_TEST(records.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_message_above_the_limit_is_a_dead_letter_and_costs_nothing_else) {
  open();
  far_side.command("raw " + std::string(1000, 'a'));
  far_side.command("raw " + std::string(1'000'000, 'b'));
  far_side.command("raw after");
  poll_until(3);
  BOOST_TEST(records[0].error == "");
  BOOST_TEST(contains(records[1].error, "a message of 1000000 bytes is larger than the limit of 1000 bytes"));
  BOOST_TEST(records[1].value->size() == 1024U);
  BOOST_TEST(*records[2].value == "after");
}

BOOST_AUTO_TEST_CASE(a_full_queue_makes_the_far_side_wait_and_loses_nothing) {
  options.max_queue_bytes = 4096;
  options.idle_timeout = Millis(200);  // must not matter while the queue is full
  open();
  for (int i = 0; i < 300; ++i) far_side.command("raw " + std::to_string(i) + std::string(900, '.'));
  poll_until(300, 1);
  for (std::size_t i = 0; i < 300; ++i) BOOST_TEST(records[i].value->starts_with(std::to_string(i) + "."));
}

BOOST_AUTO_TEST_CASE(a_cut_connection_is_retriable_after_its_last_message_and_the_gap_is_reported) {
  open();
  far_side.command("raw last");
  far_side.command("cut");
  BOOST_TEST(contains(end_of_connection(), "the connection was lost"));
  BOOST_REQUIRE_EQUAL(records.size(), 1U);
  open();
  BOOST_REQUIRE_EQUAL(context.gaps.size(), 1U);
  far_side.command("raw again");
  poll_until(2);
  BOOST_TEST(*records[1].value == "again");
}

BOOST_AUTO_TEST_CASE(a_cut_in_the_middle_of_a_message_gives_no_part_of_it) {
  open();
  far_side.command("cut-frame");
  BOOST_TEST(contains(end_of_connection(), "the connection was lost"));
  BOOST_TEST(records.empty());
}

BOOST_AUTO_TEST_CASE(a_close_frame_is_reported_with_its_code) {
  open();
  far_side.command("close 1001");
  BOOST_TEST(contains(end_of_connection(), "the far side closed the connection (code 1001"));
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_ends_the_connection_and_binary_does_not) {
  open();
  far_side.command("binary-hex ff00");
  far_side.command("raw-hex 61ff");
  BOOST_TEST(contains(end_of_connection(), "not UTF-8"));
  BOOST_REQUIRE_EQUAL(records.size(), 1U);
  BOOST_TEST(*records[0].value == std::string("\xff\x00", 2));
}

BOOST_AUTO_TEST_CASE(a_quiet_connection_stays_because_pings_are_answered) {
  options.idle_timeout = Millis(100);
  open();
  far_side.command("stall 700");
  far_side.command("raw late");
  poll_until(1);
  BOOST_TEST(*records[0].value == "late");
}

BOOST_AUTO_TEST_CASE(a_wrong_token_ends_the_source_without_showing_it) {
  options.secret_query[0].second = Secret("wrong-token");
  BOOST_CHECK_EXCEPTION(open(), ConfigException, [](const auto& error) {
    return contains(error.what(), "401") && contains(error.what(), "check the token") &&
           !contains(error.what(), "wrong-token");
  });
}

BOOST_AUTO_TEST_CASE(connections_that_fail_are_retriable_and_no_gap) {
  far_side.command("refuse 1");
  far_side.command("drop-handshake 1");
  BOOST_CHECK_THROW(open(), RetriableException);
  source->close();
  BOOST_CHECK_THROW(open(), RetriableException);
  source->close();
  open();
  BOOST_TEST(context.gaps.empty());
}

BOOST_AUTO_TEST_CASE(tls_to_a_far_side_without_is_an_error) {
  options.url = fmt::format("wss://127.0.0.1:{}", far_side.port());
  BOOST_CHECK_THROW(open(), RetriableException);
}

BOOST_AUTO_TEST_CASE(a_wish_to_stop_ends_open) {
  context.source.request_stop();
  BOOST_CHECK_THROW(open(), RetriableException);
}

BOOST_AUTO_TEST_CASE(a_ca_file_that_cannot_be_read_is_named) {
  options.url = "wss://localhost:1";
  options.ca_file = "/nonexistent/ca.pem";
  BOOST_CHECK_EXCEPTION(open(), ConfigException,
                        [](const auto& error) { return contains(error.what(), "/nonexistent/ca.pem"); });
}

BOOST_AUTO_TEST_SUITE_END()
