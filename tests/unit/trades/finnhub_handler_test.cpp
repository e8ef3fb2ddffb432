// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "trades/finnhub/finnhub_handler.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"

using namespace trades;
using millrace::connect::SourceRecord;
using millrace::connect::WebSocketOutput;

namespace {

constexpr millrace::Timestamp kNow = 1'750'000'000'000;

struct FixedClock final : millrace::Clock {
  [[nodiscard]] millrace::Timestamp now() const override { return kNow; }
};

struct Fixture {
  FixedClock clock;
  FinnhubHandler handler{{"AAPL", "A\"B"}, clock};
  std::vector<SourceRecord> records;
  std::vector<std::string> warnings;

  void message(std::string text) {
    text.reserve(text.size() + FinnhubHandler::kReadableBehind);
    WebSocketOutput out(records, [&](std::string_view warning) { warnings.emplace_back(warning); });
    handler.on_message(text, out);
  }
  /// Gives one trade, and returns its record.
  SourceRecord trade(const std::string& json) {
    records.clear();
    message(R"({"data":[)" + json + R"(],"type":"trade"})");
    BOOST_REQUIRE_EQUAL(records.size(), 1U);
    return records.front();
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(Finnhub, Fixture)

BOOST_AUTO_TEST_CASE(it_subscribes_to_each_symbol) {
  const auto messages = handler.on_connect();
  BOOST_REQUIRE_EQUAL(messages.size(), 2U);
  BOOST_TEST(messages[0] == R"({"type":"subscribe","symbol":"AAPL"})");
  BOOST_TEST(messages[1] == R"({"type":"subscribe","symbol":"A\"B"})");
}

BOOST_AUTO_TEST_CASE(a_trade_keeps_the_digits_of_the_feed) {
  const auto record = trade(R"({"c":["1","8"],"p":122.10,"s":"AAPL","t":1700000000000,"v":0.000100000000000000001})");
  BOOST_TEST(record.error == "");
  BOOST_TEST(*record.key == "AAPL");
  BOOST_TEST(*record.timestamp == 1'700'000'000'000);
  BOOST_TEST(*record.value ==
             R"({"symbol":"AAPL","price":122.10,"volume":0.000100000000000000001,"time":1700000000000,)"
             R"("conditions":["1","8"]})");
}

BOOST_AUTO_TEST_CASE(fields_may_come_in_any_order_with_blanks_and_unknown_ones) {
  message(
      " { \"type\" : \"trade\" , \"x\" : {\"y\":[1]} , \"data\" : [ { \"v\" : 1 , \"zz\":[{}], \"s\" : \"A\" , "
      "\"t\" : 1700000000000 , \"p\" : 2 } ] } ");
  BOOST_REQUIRE_EQUAL(records.size(), 1U);
  BOOST_TEST(*records[0].value == R"({"symbol":"A","price":2,"volume":1,"time":1700000000000,"conditions":[]})");
}

BOOST_AUTO_TEST_CASE(null_conditions_and_no_volume_are_accepted) {
  BOOST_TEST(trade(R"({"c":null,"p":1.1,"s":"OANDA:EUR_USD","t":1700000000000,"v":0})").error == "");
}

BOOST_AUTO_TEST_CASE(odd_symbols_are_kept_as_json) {
  const auto record = trade(R"({"p":1,"s":"Ä\"\\\u0001\n😀","t":1700000000000,"v":1})");
  BOOST_TEST(record.error == "");
  BOOST_TEST(*record.key == "Ä\"\\\x01\n😀");
  BOOST_TEST(contains(*record.value, R"("symbol":"Ä\"\\\u0001\n😀")"));
}

BOOST_AUTO_TEST_CASE(wrong_trades_become_dead_letters_and_cost_the_others_nothing) {
  const std::string good = R"({"p":1,"s":"A","t":1700000000000,"v":1})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"s":"A","t":1700000000000,"v":1})", "no price"},
      {R"({"p":null,"s":"A","t":1700000000000,"v":1})", "no price"},
      {R"({"p":"NaN","s":"A","t":1700000000000,"v":1})", "no price"},
      {R"({"p":{"a":[1]},"s":"A","t":1700000000000,"v":1})", "no price"},
      {R"({"p":1e999,"s":"A","t":1700000000000,"v":1})", "no price"},
      {R"({"p":-1,"s":"A","t":1700000000000,"v":1})", "price -1"},
      {R"({"p":0,"s":"A","t":1700000000000,"v":1})", "price 0"},
      {R"({"p":1,"s":"A","t":1700000000000,"v":-5})", "volume -5"},
      {R"({"p":1,"s":"A","t":1700000000000,"v":true})", "no volume"},
      {R"({"p":1,"s":"A","t":1700000000,"v":1})", "before 1990"},
      {R"({"p":1,"s":"A","t":1700000000000000,"v":1})", "ahead of this machine's clock"},
      {R"({"p":1,"s":"A","t":1750003600001,"v":1})", "ahead of this machine's clock"},
      {R"({"p":1,"s":"A","t":1.5,"v":1})", "no time"},
      {R"({"p":1,"s":"A","t":99999999999999999999,"v":1})", "no time"},
      {R"({"p":1,"s":"A","t":"1700000000000","v":1})", "no time"},
      {R"({"p":1,"t":1700000000000,"v":1})", "no symbol"},
      {R"({"p":1,"s":7,"t":1700000000000,"v":1})", "no symbol"},
      {R"({"p":1,"s":"","t":1700000000000,"v":1})", "symbol"},
      {R"({"p":1,"s":")" + std::string(129, 'x') + R"(","t":1700000000000,"v":1})", "symbol"},
      {R"({"c":"1","p":1,"s":"A","t":1700000000000,"v":1})", "conditions"},
      {R"({"c":[1],"p":1,"s":"A","t":1700000000000,"v":1})", "conditions"},
      {R"(17)", "not a JSON object"},
      {R"("text")", "not a JSON object"},
      {R"([1,[2]])", "not a JSON object"},
      {R"(null)", "not a JSON object"}};
  for (const auto& [wrong, reason] : cases) {
    BOOST_TEST_CONTEXT(wrong) {
      records.clear();
      message(R"({"data":[)" + good + "," + wrong + "," + good + R"(],"type":"trade"})");
      BOOST_REQUIRE_EQUAL(records.size(), 3U);
      BOOST_TEST(records[0].error == "");
      BOOST_TEST(contains(records[1].error, reason), records[1].error);
      if (wrong.front() == '{') BOOST_TEST(*records[1].value == wrong);
      BOOST_TEST(records[2].error == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_message_that_is_not_json_is_one_dead_letter) {
  const std::string good = R"({"data":[{"p":1,"s":"A","t":1700000000000,"v":1}],"type":"trade"})";
  std::vector<std::string> broken{"",
                                  " ",
                                  "{",
                                  "nonsense",
                                  "[]",
                                  "17",
                                  "\"x",
                                  "{}x",
                                  R"({"a"})",
                                  "\xff\xfe",
                                  R"({"type":1})",
                                  R"({"type":"trade"})",
                                  R"({"type":"trade","data":7})",
                                  R"({"type":"trade","data":[{"p":NaN,"s":"A","t":1700000000000,"v":1}]})",
                                  "{\"type\":\"trade\",\"data\":[{\"s\":\"\xc3\x28\"}]}",
                                  std::string(100'000, '['),
                                  std::string(100'000, '{')};
  // Each beginning of a good message.
  for (std::size_t length = 1; length < good.size(); ++length) broken.push_back(good.substr(0, length));
  for (const auto& text : broken) {
    BOOST_TEST_CONTEXT(text.substr(0, 100)) {
      records.clear();
      message(text);
      BOOST_REQUIRE_EQUAL(records.size(), 1U);
      BOOST_TEST(!records[0].error.empty());
      BOOST_TEST((*records[0].value == text));
    }
  }
  records.clear();
  message(good);
  BOOST_REQUIRE_EQUAL(records.size(), 1U);
  BOOST_TEST(records[0].error == "");
  BOOST_TEST(warnings.empty());
}

BOOST_AUTO_TEST_CASE(pings_are_silent_and_errors_and_unknown_types_are_warnings) {
  message(R"({"type":"ping"})");
  BOOST_TEST(warnings.empty());
  message(R"({"type":"error","msg":"Subscribing to too many symbols"})");
  message(R"({"type":"error"})");
  message(R"({"type":"news","data":[{"headline":"x"}]})");
  BOOST_TEST(records.empty());
  BOOST_REQUIRE_EQUAL(warnings.size(), 3U);
  BOOST_TEST(warnings[0] == "the feed reports an error: Subscribing to too many symbols");
  BOOST_TEST(contains(warnings[2], "unknown type 'news'"));
}

BOOST_AUTO_TEST_CASE(a_large_message_gives_all_its_trades) {
  std::string text = R"({"data":[)";
  for (int i = 0; i < 20'000; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"p":1,"s":"A","t":1700000000000,"v":)") + std::to_string(i) + "}";
  }
  message(text + R"(],"type":"trade"})");
  BOOST_TEST(records.size() == 20'000U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(lists_of_symbols) {
  const auto symbols = parse_symbols("AAPL,BINANCE:BTCUSDT");
  BOOST_REQUIRE_EQUAL(symbols.size(), 2U);
  BOOST_TEST(symbols[1] == "BINANCE:BTCUSDT");
  for (const auto* wrong : {"", ",", "A,", ",A", "A,,B"}) {
    BOOST_CHECK_THROW((void)parse_symbols(wrong), millrace::ConfigException);
  }
}
