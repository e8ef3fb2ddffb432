// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <deque>
#include <nlohmann/json.hpp>

#include "millrace/common/errors.hpp"
#include "page_data.hpp"

using namespace millrace;
using namespace millrace::page;
using detail::PageData;
using nlohmann::json;

BOOST_AUTO_TEST_SUITE(page_panels)

namespace {

/// A page that is fed by hand.
struct Fed {
  explicit Fed(const PageSpec& spec, const PageOptions& options = {}) : data(spec, options, "test") {}

  void add(const std::string& topic, const std::string& value, Timestamp time = 1000) {
    const auto& name = names.emplace_back(topic);
    ConsumerRecord record;
    record.topic = &name;
    record.timestamp = time;
    const auto& kept = names.emplace_back(value);
    record.value = kept;
    std::vector<ConsumerRecord> records;
    records.push_back(std::move(record));
    data.add(records);
  }
  json snapshot(std::size_t panel, const detail::Query& query = {}) {
    return json::parse(data.snapshot(panel, query).value());
  }
  json event() { return json::parse(data.take_event(true)->json); }

  std::deque<std::string> names;
  PageData data;
};

PageSpec lines() {
  return {.title = "t",
          .panels = {LinePanel{.title = "l",
                               .topic = "p",
                               .value = "price",
                               .series = "symbol",
                               .time = "time",
                               .markers = {{.topic = "m", .label = "mark", .series = Field("id").until("@")}}}}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_snapshot_and_the_changes_after_it_tell_the_same) {
  Fed fed(lines());
  fed.add("p", R"({"symbol":"A","price":1.5,"time":1000})");
  fed.add("p", R"({"symbol":"B","price":"2.5","time":"1970-01-01T00:00:02Z"})");
  fed.add("m", R"({"id":"A@1"})");
  const auto change = fed.event()["panels"]["0"];
  for (const auto& seen : {change, fed.snapshot(0)}) {
    BOOST_TEST(seen["x"] == json({1000, 2000}));
    BOOST_TEST(seen["names"] == json({"A", "B"}));
    BOOST_TEST(seen["y"] == json::parse("[[1.5,null],[null,2.5]]"));
    BOOST_TEST(seen["marks"][0]["x"] == json({1000}));
    BOOST_TEST(seen["marks"][0]["s"] == json({0}));
  }
  BOOST_TEST(fed.event()["panels"].empty());
}

BOOST_AUTO_TEST_CASE(records_that_cannot_be_shown_are_counted_and_change_nothing) {
  Fed fed(lines());
  for (const auto* bad : {"", "x", "[]", "7", "{}", R"({"symbol":"A","price":"NaN","time":1})",
                          R"({"symbol":"A","price":1e999,"time":1})", R"({"symbol":{},"price":1,"time":1})",
                          R"({"symbol":"A","price":1,"time":1e300})", R"({"symbol":"A","price":1,"time":"soon"})",
                          "{\"symbol\":\"\xff\",\"price\":1,\"time\":1}"}) {
    fed.add("p", bad);
  }
  BOOST_TEST(fed.snapshot(0)["total"] == 0);
  // The topics are sorted: m, p.
  BOOST_TEST(fed.event()["topics"][1] == json({11, 11, 0}));
}

BOOST_AUTO_TEST_CASE(a_burst_makes_a_small_event) {
  Fed fed(lines());
  for (int i = 0; i < 10'000; ++i) fed.add("p", R"({"symbol":"A","price":1,"time":)" + std::to_string(i) + "}");
  const auto event = fed.event();
  BOOST_TEST(event["panels"]["0"] == json({{"stale", true}}));
  BOOST_TEST(fed.snapshot(0)["total"] == 10'000);
}

BOOST_AUTO_TEST_CASE(memory_has_a_limit) {
  Fed fed(lines(), {.max_points = 2000});
  for (int i = 0; i < 20'000; ++i) fed.add("p", R"({"symbol":"A","price":1,"time":)" + std::to_string(i) + "}");
  const auto snapshot = fed.snapshot(0);
  BOOST_TEST(snapshot["total"].get<int>() <= 2000);
  BOOST_TEST(snapshot["max"] == 19'999);
}

BOOST_AUTO_TEST_CASE(candles_are_replaced_and_joined) {
  Fed fed({.title = "t", .panels = {CandlePanel{.title = "c", .topic = "c"}}});
  const auto candle = [](int minute, int open, int high, int low, int close) {
    return json({{"symbol", "S"},
                 {"start", minute * 60'000},
                 {"open", open},
                 {"high", high},
                 {"low", low},
                 {"close", close},
                 {"volume", 1}})
        .dump();
  };
  fed.add("c", candle(0, 1, 1, 1, 1));
  for (int i = 0; i < 100; ++i) fed.add("c", candle(i, i, i + 10, i - 10, i + 1));
  BOOST_TEST(fed.snapshot(0)["total"] == 100);
  const auto joined = fed.snapshot(0, {.width = 140});
  BOOST_TEST(joined["base"] == 60'000);
  BOOST_TEST(joined["step"] == 300'000);
  BOOST_TEST(joined["o"][1] == 5);
  BOOST_TEST(joined["h"][1] == 19);
  BOOST_TEST(joined["l"][1] == -5);
  BOOST_TEST(joined["c"][1] == 10);
  BOOST_TEST(joined["v"][1] == 5);
}

BOOST_AUTO_TEST_CASE(counts_of_windows_are_replaced_and_others_added) {
  const auto bars = [](Repeated repeated) {
    return BarPanel{.title = "b",
                    .topic = "b",
                    .key = "k",
                    .value = "n",
                    .window = repeated == Repeated::replace ? Field("w") : Field(),
                    .repeated = repeated,
                    .top = 1};
  };
  Fed fed({.title = "t",
           .panels = {bars(Repeated::add), bars(Repeated::replace),
                      TimeBarPanel{.title = "t",
                                   .topic = "b",
                                   .series = "k",
                                   .value = "n",
                                   .time = "w",
                                   .repeated = Repeated::replace,
                                   .top = 1}}});
  fed.add("b", R"({"k":"x","n":1,"w":0})");
  fed.add("b", R"({"k":"x","n":3,"w":0})");
  fed.add("b", R"({"k":"x","n":5,"w":60000})");
  fed.add("b", R"({"k":"y","n":2,"w":60000})");
  BOOST_TEST(fed.snapshot(0)["values"] == json({9}));
  BOOST_TEST(fed.snapshot(0)["others"] == 2);
  BOOST_TEST(fed.snapshot(1)["values"] == json({8}));
  const auto over_time = fed.snapshot(2);
  BOOST_TEST(over_time["names"] == json({"x"}));
  BOOST_TEST(over_time["y"] == json::parse("[[3,5]]"));
  BOOST_TEST(over_time["others"] == json({0, 2}));
}

BOOST_AUTO_TEST_CASE(a_table_has_the_latest_rows_with_all_digits) {
  Fed fed({.title = "t",
           .panels = {TablePanel{.title = "x", .topic = "x", .columns = {{"a", "a"}, {"b", "b.c"}}, .rows = 2}}});
  fed.add("x", R"({"a":1,"b":{"c":"<b>"}})");
  fed.add("x", R"({"a":12345678901234567890,"b":[1]})");
  fed.add("x", R"({"a":true})");
  BOOST_TEST(fed.snapshot(0)["rows"] == json::parse(R"([["12345678901234567890",null],[true,null]])"));
  BOOST_TEST(fed.snapshot(0)["end"] == 3);
}

BOOST_AUTO_TEST_CASE(a_page_without_a_topic_or_with_an_unknown_field_is_refused) {
  BOOST_CHECK_THROW(Fed({.title = "t"}), ConfigException);
  BOOST_CHECK_THROW(Fed({.title = "t", .panels = {LinePanel{.title = "l", .topic = "p", .value = "@value"}}}),
                    ConfigException);
  BOOST_CHECK_THROW(Fed({.title = "t", .panels = {LinePanel{.title = "l", .topic = "p", .value = {}}}}),
                    ConfigException);
}

BOOST_AUTO_TEST_SUITE_END()
