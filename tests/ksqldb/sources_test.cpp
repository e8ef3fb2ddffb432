// SPDX-License-Identifier: Apache-2.0
// Rows of docs/ksqldb.md: CREATE STREAM, CREATE TABLE and their properties.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "ksqldb/query.hpp"
#include "ksqldb/shop.hpp"
#include "millrace/functions/timestamps.hpp"
#include "millrace/serde/csv.hpp"

using boost::test_tools::per_element;
using namespace millrace;
using namespace millrace::ksqldb_rows;

namespace {

// [row: Names and nulls of ksqlDB]
struct Sale {
  std::optional<std::string> item;
  std::optional<double> price;
};
MILLRACE_JSON(Sale, lenient, write_nulls, (item, "ITEM"), (price, "PRICE"))
// [end]

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KsqldbSources, Query)

BOOST_AUTO_TEST_CASE(create_stream_of_json) {
  // [row: CREATE STREAM]
  auto orders = builder.stream<std::string, Order>("orders");
  // [end]
  orders.to("copy");
  put("orders", "o1", R"({"price":2,"item":"tea","customer":"c1","more":[1]})");
  put("orders", "o2", R"({"price":2,"item":"tea"})");
  put("orders", std::nullopt, R"({"price":2,"item":"tea","customer":"c1"})");
  BOOST_TEST(rows("copy") == Rows({R"(o1={"customer":"c1","item":"tea","price":2.0})"}), per_element());
  BOOST_TEST(driver().dropped_records() == 2U);
}

BOOST_AUTO_TEST_CASE(json_with_the_names_and_nulls_of_ksqldb) {
  builder.stream<std::string, Sale>("sales").to("copy");
  put("sales", "s1", R"({"item":"tea","Price":"2.5"})");
  put("sales", "s2", R"({})");
  BOOST_TEST(rows("copy") == Rows({R"(s1={"ITEM":"tea","PRICE":2.5})", R"(s2={"ITEM":null,"PRICE":null})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(create_stream_of_delimited_values) {
  // [row: VALUE_FORMAT='DELIMITED']
  auto orders =
      builder.stream<std::string, Order>("orders", Consumed().with_value_serde(CsvSerde<Order>({.delimiter = ';'})));
  // [end]
  orders.to("copy");
  put("orders", "o1", R"(c1;"tea; green";2.5;)");
  put("orders", "o2", R"(c1;tea;cheap;)");
  BOOST_TEST(rows("copy") == Rows({R"(o1=c1;"tea; green";2.5;)"}), per_element());
  BOOST_TEST(driver().dropped_records() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stream_without_a_key) {
  // [row: KEY_FORMAT='NONE']
  auto orders = builder.stream<Unkeyed, Order>("orders");
  // [end]
  orders.to("copy");
  put("orders", "ignored", order("c1", "tea", 2));
  BOOST_TEST(rows("copy") == Rows({R"(null={"customer":"c1","item":"tea","price":2.0})"}), per_element());
}

BOOST_AUTO_TEST_CASE(several_key_columns) {
  // [row: KEY_FORMAT='JSON']
  struct OrderKey {
    std::string shop;
    std::int64_t number = 0;
  };
  auto orders = builder.stream<OrderKey, Order>("orders");
  // [end]
  orders.to("copy");
  put("orders", R"({"number":7,"shop":"s1"})", order("c1", "tea", 2));
  BOOST_TEST(rows("copy") == Rows({R"({"shop":"s1","number":7}={"customer":"c1","item":"tea","price":2.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(create_table) {
  // [row: CREATE TABLE]
  auto customers = builder.table<std::string, Customer>("customers", Materialized::as("customers"));
  // [end]
  customers.to("changes");
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})");
  put("customers", "c1", R"({"name":"Ann","city":"Oslo"})");
  put("customers", std::nullopt, R"({"name":"Bob","city":"Oslo"})");
  BOOST_TEST(rows("changes") == Rows({R"(c1={"name":"Ann","city":"Rome"})", R"(c1={"name":"Ann","city":"Oslo"})"}),
             per_element());
  auto& store = driver().get_timestamped_key_value_store<std::string, Customer>("customers");
  BOOST_TEST(store.get("c1")->value.city == "Oslo");
  put("customers", "c1", std::nullopt);
  BOOST_TEST(rows("changes") == Rows({"c1=null"}), per_element());
  BOOST_TEST(!store.get("c1").has_value());
}

BOOST_AUTO_TEST_CASE(nested_columns) {
  // [row: STRUCT, ARRAY and MAP]
  struct Address {
    std::string street;
    std::string city;
  };
  struct Person {
    std::string name;
    Address address;
    std::vector<std::string> phones;
    std::map<std::string, double> scores;
  };
  struct Contact {
    std::string city;
    std::optional<std::string> phone;
    std::optional<double> chess;
  };
  builder.stream<std::string, Person>("people")
      .map_values([](const Person& person) {
        Contact contact{person.address.city, {}, {}};
        if (!person.phones.empty()) contact.phone = person.phones[0];
        if (const auto found = person.scores.find("chess"); found != person.scores.end()) contact.chess = found->second;
        return contact;
      })
      .to("contacts");
  // [end]
  put("people", "p1",
      R"({"name":"Ann","address":{"street":"Via 1","city":"Rome"},"phones":["11","22"],"scores":{"chess":3}})");
  put("people", "p2", R"({"name":"Bob","address":{"street":"Vei 2","city":"Oslo"},"phones":[],"scores":{}})");
  BOOST_TEST(rows("contacts") == Rows({R"(p1={"city":"Rome","phone":"11","chess":3.0})", R"(p2={"city":"Oslo"})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(timestamp_of_a_number) {
  // [row: TIMESTAMP]
  struct Event {
    Timestamp happened = 0;
    std::string text;
  };
  auto events = builder.stream<std::string, Event>("events", Consumed().with_timestamp(&Event::happened));
  // [end]
  events.to("copy");
  put("events", "e1", R"({"happened":1589234313000,"text":"x"})", 5);
  put("events", "e2", R"({"happened":-1,"text":"y"})", 5);
  BOOST_TEST(rows_with_time("copy") == Rows({R"(e1={"happened":1589234313000,"text":"x"} @1589234313000)"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(timestamp_of_a_text) {
  // [row: TIMESTAMP_FORMAT]
  struct Event {
    std::string happened;
  };
  auto events =
      builder.stream<std::string, Event>("events", Consumed().with_timestamp(&Event::happened, "yy-MM-dd HH:mm:ssX"));
  // [end]
  events.to("copy");
  put("events", "e1", R"({"happened":"10-04-19 12:00:17Z"})");
  put("events", "e2", R"({"happened":"!!!!"})");
  put("events", "e3", R"({"happened":"10-04-19 12:00:17+02"})");
  BOOST_TEST(rows_with_time("copy") == Rows({R"(e1={"happened":"10-04-19 12:00:17Z"} @1271678417000)",
                                             R"(e3={"happened":"10-04-19 12:00:17+02"} @1271671217000)"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(headers_as_columns) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: HEADERS]
  struct Traced {
    std::string item;
    std::optional<std::string> trace;
  };
  orders
      .map_values([](const Order& order, const RecordContext& context) {
        const Header* trace = context.headers.last("trace");
        return Traced{order.item, trace ? trace->value : std::nullopt};
      })
      .to("traced");
  // [end]
  put("orders", "o1", order("c1", "tea", 2), 0, {{"trace", "a"}, {"trace", "b"}});
  put("orders", "o2", order("c1", "tea", 2));
  auto traced = driver().create_output_topic<std::string, std::string>("traced");
  const auto first = traced.read_record();
  BOOST_TEST(first.value == R"({"item":"tea","trace":"b"})");
  BOOST_TEST((first.headers == Headers{{"trace", "a"}, {"trace", "b"}}));
  BOOST_TEST(traced.read_value() == R"({"item":"tea"})");
}

BOOST_AUTO_TEST_CASE(pseudo_columns) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: ROWTIME, ROWPARTITION and ROWOFFSET]
  struct Located {
    std::string item;
    std::string rowtime;
    std::int32_t rowpartition = 0;
    std::int64_t rowoffset = 0;
  };
  orders
      .map_values([](const Order& order, const RecordContext& context) {
        return Located{order.item, format_timestamp(context.timestamp, "yyyy-MM-dd'T'HH:mm:ss"), context.partition,
                       context.offset};
      })
      .to("located");
  // [end]
  put("orders", "o1", order("c1", "tea", 2), 1271678417000);
  put("orders", "o1", order("c1", "pot", 2), 1271678418000);
  BOOST_TEST(
      rows_with_time("located") ==
          Rows({R"(o1={"item":"tea","rowtime":"2010-04-19T12:00:17","rowpartition":0,"rowoffset":0} @1271678417000)",
                R"(o1={"item":"pot","rowtime":"2010-04-19T12:00:18","rowpartition":0,"rowoffset":1} @1271678418000)"}),
      per_element());
}

BOOST_AUTO_TEST_SUITE_END()
