// SPDX-License-Identifier: Apache-2.0
// Rows of docs/ksqldb.md: aggregations without windows, and tables of tables.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "ksqldb/query.hpp"
#include "ksqldb/shop.hpp"
#include "millrace/functions/aggregates.hpp"

using boost::test_tools::per_element;
using namespace millrace;
using namespace millrace::aggregates;
using namespace millrace::ksqldb_rows;

namespace {

struct Fixture : Query {
  // An order of a customer, in a stream with the customer as key.
  void order_of(const std::string& customer, const std::string& item, double price) {
    put("orders-by-customer", customer, order(customer, item, price));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KsqldbAggregates, Fixture)

BOOST_AUTO_TEST_CASE(create_table_as_select) {
  // [row: CREATE TABLE AS SELECT ... GROUP BY]
  struct Totals {
    std::int64_t orders = 0;
    double total = 0;
    std::optional<double> cheapest;
    std::vector<double> dearest;
  };
  auto by_customer = builder.stream<std::string, Order>("orders-by-customer");
  by_customer.group_by_key()
      .aggregate(aggregate_to<Totals>(count(), sum(&Order::price), min(&Order::price), top_k<2>(&Order::price)),
                 Materialized::as("totals"))
      .to("totals");
  // [end]
  order_of("c1", "tea", 2);
  order_of("c2", "tea", 5);
  order_of("c1", "pot", 7);
  BOOST_TEST(rows("totals") == Rows({R"(c1={"orders":1,"total":2.0,"cheapest":2.0,"dearest":[2.0]})",
                                     R"(c2={"orders":1,"total":5.0,"cheapest":5.0,"dearest":[5.0]})",
                                     R"(c1={"orders":2,"total":9.0,"cheapest":2.0,"dearest":[7.0,2.0]})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(group_by_another_column) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: GROUP BY another column]
  orders.group_by([](const Order& order) { return order.item; })
      .aggregate(count(), Materialized::as("orders-per-item"))
      .to("orders-per-item", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  put("orders", "o1", order("c1", "tea", 2));
  put("orders", "o2", order("c2", "tea", 2));
  put("orders", "o3", order("c2", "pot", 2));
  BOOST_TEST(rows("orders-per-item") == Rows({"tea=1", "tea=2", "pot=1"}), per_element());
}

BOOST_AUTO_TEST_CASE(group_by_two_columns) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: GROUP BY two columns]
  struct Group {
    std::string customer;
    std::string item;
  };
  struct Spent {
    double spent = 0;
  };
  orders.group_by([](const Order& order) {
          return Group{order.customer, order.item};
        })
      .aggregate(aggregate_to<Spent>(sum(&Order::price)), Materialized::as("spent"))
      .to("spent");
  // [end]
  put("orders", "o1", order("c1", "tea", 2));
  put("orders", "o2", order("c1", "tea", 3));
  put("orders", "o3", order("c1", "pot", 9));
  BOOST_TEST(rows("spent") == Rows({R"({"customer":"c1","item":"tea"}={"spent":2.0})",
                                    R"({"customer":"c1","item":"tea"}={"spent":5.0})",
                                    R"({"customer":"c1","item":"pot"}={"spent":9.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(group_by_a_column_with_nulls) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: GROUP BY a column with nulls]
  orders.group_by([](const Order& order) { return order.coupon; })
      .count(Materialized::as("orders-per-coupon"))
      .to("orders-per-coupon", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  put("orders", "o1", order("c1", "tea", 2));
  put("orders", "o2", R"({"customer":"c1","item":"tea","price":1,"coupon":"x"})");
  BOOST_TEST(rows("orders-per-coupon") == Rows({"x=1"}), per_element());
}

BOOST_AUTO_TEST_CASE(having) {
  const auto by_customer = builder.stream<std::string, Order>("orders-by-customer");
  // [row: HAVING]
  struct Spent {
    double spent = 0;
  };
  by_customer.group_by_key()
      .aggregate(aggregate_to<Spent>(sum(&Order::price)), Materialized::as("spent"))
      .filter([](const Spent& row) { return row.spent > 100; })
      .to("large-spenders");
  // [end]
  order_of("c1", "tea", 1);
  order_of("c1", "pot", 100);
  order_of("c1", "refund", -5);
  order_of("c1", "refund", -5);
  BOOST_TEST(rows("large-spenders") == Rows({R"(c1={"spent":101.0})", "c1=null"}), per_element());
}

BOOST_AUTO_TEST_CASE(latest_by_offset) {
  const auto by_customer = builder.stream<std::string, Order>("orders-by-customer");
  // [row: LATEST_BY_OFFSET]
  struct Last {
    std::optional<std::string> item;
    std::optional<std::string> coupon;
    std::optional<std::string> first_item;
  };
  by_customer.group_by_key()
      .aggregate(aggregate_to<Last>(latest(&Order::item), latest(&Order::coupon), earliest(&Order::item)),
                 Materialized::as("last-orders"))
      .to("last-orders");
  // [end]
  put("orders-by-customer", "c1", R"({"customer":"c1","item":"tea","price":1,"coupon":"x"})");
  put("orders-by-customer", "c1", R"({"customer":"c1","item":"pot","price":1})");
  BOOST_TEST(rows("last-orders") == Rows({R"(c1={"item":"tea","coupon":"x","first_item":"tea"})",
                                          R"(c1={"item":"pot","coupon":"x","first_item":"tea"})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(collect_list_and_histogram) {
  const auto by_customer = builder.stream<std::string, Order>("orders-by-customer");
  // [row: COLLECT_LIST, COLLECT_SET and HISTOGRAM]
  struct Items {
    std::vector<std::string> all;
    std::vector<std::string> distinct;
    std::map<std::string, std::int64_t> numbers;
  };
  by_customer.group_by_key()
      .aggregate(
          aggregate_to<Items>(collect_list(&Order::item, 1000), collect_set(&Order::item), histogram(&Order::item)),
          Materialized::as("items"))
      .to("items");
  // [end]
  order_of("c1", "tea", 1);
  order_of("c1", "pot", 1);
  order_of("c1", "tea", 1);
  BOOST_TEST(rows("items").back() ==
             R"(c1={"all":["tea","pot","tea"],"distinct":["tea","pot"],"numbers":{"pot":1,"tea":2}})");
}

BOOST_AUTO_TEST_CASE(an_aggregate_of_your_own) {
  const auto by_customer = builder.stream<std::string, Order>("orders-by-customer");
  // [row: A function of your own]
  struct Discount {
    double factor = 1;
  };
  by_customer.group_by_key()
      .aggregate([] { return Discount(); },
                 [](const std::string&, const Order& order, Discount discount) {
                   if (order.coupon) discount.factor *= 0.9;
                   return discount;
                 },
                 Materialized::as("discounts"))
      .to("discounts");
  // [end]
  put("orders-by-customer", "c1", R"({"customer":"c1","item":"tea","price":1,"coupon":"x"})");
  order_of("c1", "tea", 1);
  BOOST_TEST(rows("discounts") == Rows({R"(c1={"factor":0.9})", R"(c1={"factor":0.9})"}), per_element());
}

BOOST_AUTO_TEST_CASE(count_of_all_rows) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: GROUP BY a constant]
  orders.group_by([](const Order&) { return std::string("all"); })
      .count(Materialized::as("all-orders"))
      .to("all-orders", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  put("orders", "o1", order("c1", "tea", 2));
  put("orders", "o2", order("c2", "tea", 2));
  BOOST_TEST(rows("all-orders") == Rows({"all=1", "all=2"}), per_element());
}

BOOST_AUTO_TEST_CASE(table_of_a_table) {
  const auto customers = builder.table<std::string, Customer>("customers");
  // [row: CREATE TABLE AS SELECT of a table]
  struct Name {
    std::string name;
  };
  customers.filter([](const Customer& customer) { return customer.city == "Rome"; })
      .map_values([](const Customer& customer) { return Name{customer.name}; }, Materialized::as("romans"))
      .to("romans");
  // [end]
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})");
  put("customers", "c2", R"({"name":"Bob","city":"Oslo"})");
  put("customers", "c1", R"({"name":"Ann","city":"Oslo"})");
  BOOST_TEST(rows("romans") == Rows({R"(c1={"name":"Ann"})", "c1=null"}), per_element());
}

BOOST_AUTO_TEST_CASE(group_by_of_a_table) {
  const auto customers = builder.table<std::string, Customer>("customers");
  // [row: GROUP BY of a table]
  customers
      .group_by([](const std::string& id, const Customer& customer) {
        return KeyValue{customer.city, Customer{customer.name, id}};
      })
      .aggregate(count(), Materialized::as("customers-per-city"))
      .to("customers-per-city", Produced().with_value_serde(JsonSerde<std::int64_t>()));
  // [end]
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})");
  put("customers", "c2", R"({"name":"Bob","city":"Rome"})");
  put("customers", "c1", R"({"name":"Ann","city":"Oslo"})");
  BOOST_TEST(rows("customers-per-city") == Rows({"Rome=1", "Rome=2", "Rome=1", "Oslo=1"}), per_element());
  put("customers", "c2", std::nullopt);
  BOOST_TEST(rows("customers-per-city") == Rows({"Rome=0"}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()
