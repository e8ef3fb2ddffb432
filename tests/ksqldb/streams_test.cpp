// SPDX-License-Identifier: Apache-2.0
// Rows of docs/ksqldb.md: statements that make a stream of a stream.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cctype>

#include "ksqldb/query.hpp"
#include "ksqldb/shop.hpp"
#include "millrace/serde/csv.hpp"

using boost::test_tools::per_element;
using namespace millrace;
using namespace millrace::ksqldb_rows;

BOOST_FIXTURE_TEST_SUITE(KsqldbStreams, Query)

BOOST_AUTO_TEST_CASE(create_stream_as_select) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: CREATE STREAM AS SELECT]
  struct Priced {
    std::string id;
    std::string item;
    std::int64_t cents = 0;
  };
  orders
      .map_values([](const std::string& id, const Order& order) {
        return Priced{id, order.item, static_cast<std::int64_t>(order.price * 100)};
      })
      .to("priced-orders");
  // [end]
  put("orders", "o1", order("c1", "tea", 2.5), 7);
  BOOST_TEST(rows_with_time("priced-orders") == Rows({R"(o1={"id":"o1","item":"tea","cents":250} @7)"}), per_element());
}

BOOST_AUTO_TEST_CASE(where) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: WHERE]
  orders.filter([](const Order& order) { return order.price > 100 && order.item != "gift"; }).to("large-orders");
  // [end]
  put("orders", "o1", order("c1", "tea", 101));
  put("orders", "o2", order("c1", "gift", 101));
  put("orders", "o3", order("c1", "tea", 100));
  BOOST_TEST(rows("large-orders") == Rows({R"(o1={"customer":"c1","item":"tea","price":101.0})"}), per_element());
}

BOOST_AUTO_TEST_CASE(where_with_nulls) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: WHERE with nulls]
  orders.filter([](const Order& order) { return order.coupon && *order.coupon != "FREE"; }).to("with-coupon");
  // [end]
  put("orders", "o1", R"({"customer":"c1","item":"tea","price":1,"coupon":"X"})");
  put("orders", "o2", R"({"customer":"c1","item":"tea","price":1,"coupon":"FREE"})");
  put("orders", "o3", R"({"customer":"c1","item":"tea","price":1})");
  BOOST_TEST(rows("with-coupon") == Rows({R"(o1={"customer":"c1","item":"tea","price":1.0,"coupon":"X"})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(case_of_conditions) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: CASE]
  auto size_of = [](const Order& order) -> std::string {
    if (order.price < 2) return "small";
    if (order.price < 4) return "medium";
    return "large";
  };
  orders.map_values(size_of).to("sizes");
  // [end]
  put("orders", "o1", order("c1", "tea", 6));
  put("orders", "o2", order("c1", "tea", 3));
  put("orders", "o3", order("c1", "tea", 1));
  BOOST_TEST(rows("sizes") == Rows({"o1=large", "o2=medium", "o3=small"}), per_element());
}

BOOST_AUTO_TEST_CASE(ifnull_and_texts) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: Scalar functions]
  auto label = [](const Order& order) {
    std::string text = order.item + "/" + order.coupon.value_or("none");
    for (char& letter : text) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    return text;
  };
  orders.filter([](const Order& order) { return order.item.starts_with("te"); }).map_values(label).to("labels");
  // [end]
  put("orders", "o1", R"({"customer":"c1","item":"tea","price":1,"coupon":"x"})");
  put("orders", "o2", order("c1", "pot", 1));
  put("orders", "o3", order("c1", "tea", 1));
  BOOST_TEST(rows("labels") == Rows({"o1=TEA/X", "o3=TEA/NONE"}), per_element());
}

BOOST_AUTO_TEST_CASE(partition_by) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: PARTITION BY]
  orders.select_key([](const Order& order) { return order.customer; }).to("orders-by-customer");
  // [end]
  put("orders", "o1", order("c1", "tea", 1), 7);
  BOOST_TEST(rows_with_time("orders-by-customer") == Rows({R"(c1={"customer":"c1","item":"tea","price":1.0} @7)"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(partition_by_a_column_with_nulls) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: PARTITION BY a column with nulls]
  orders.select_key([](const Order& order) { return order.coupon; }).to("orders-by-coupon");
  // [end]
  put("orders", "o1", R"({"customer":"c1","item":"tea","price":1,"coupon":"x"})");
  put("orders", "o2", order("c2", "tea", 1));
  BOOST_TEST(rows("orders-by-coupon") == Rows({R"(x={"customer":"c1","item":"tea","price":1.0,"coupon":"x"})",
                                               R"(null={"customer":"c2","item":"tea","price":1.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(partition_by_null) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: PARTITION BY NULL]
  orders.select_key([](const Order&) { return Unkeyed(); }).to("orders-without-key");
  // [end]
  put("orders", "o1", order("c1", "tea", 1));
  BOOST_TEST(rows("orders-without-key") == Rows({R"(null={"customer":"c1","item":"tea","price":1.0})"}), per_element());
}

BOOST_AUTO_TEST_CASE(properties_of_the_result) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: WITH of a query]
  orders.to("orders-csv", Produced().with_key_serde(JsonSerde<std::string>()).with_value_serde(CsvSerde<Order>()));
  // [end]
  put("orders", "o1", order("c1", "tea", 1));
  BOOST_TEST(rows("orders-csv") == Rows({R"("o1"=c1,tea,1.0,)"}), per_element());
}

BOOST_AUTO_TEST_CASE(timestamp_of_the_result) {
  struct Event {
    Timestamp happened = 0;
    std::string text;
  };
  const auto events = builder.stream<std::string, Event>("events");
  // [row: TIMESTAMP of a query]
  class SetTime final : public FixedKeyProcessor<std::string, Event, Event> {
    void process(FixedKeyRecord<std::string, Event> record) override {
      context().forward(record.with_timestamp(record.value().happened));
    }
  };
  events.process_values([] { return std::make_unique<SetTime>(); }).to("events-in-time");
  // [end]
  put("events", "e1", R"({"happened":99,"text":"x"})", 5);
  BOOST_TEST(rows_with_time("events-in-time") == Rows({R"(e1={"happened":99,"text":"x"} @99)"}), per_element());
}

BOOST_AUTO_TEST_CASE(insert_into) {
  // [row: INSERT INTO]
  auto web = builder.stream<std::string, Order>("web-orders");
  auto shop = builder.stream<std::string, Order>("shop-orders");
  web.merge(shop).to("all-orders");
  // [end]
  put("web-orders", "o1", order("c1", "tea", 1));
  put("shop-orders", "o2", order("c2", "pot", 2));
  BOOST_TEST(rows("all-orders") == Rows({R"(o1={"customer":"c1","item":"tea","price":1.0})",
                                         R"(o2={"customer":"c2","item":"pot","price":2.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(several_queries_of_one_stream) {
  const auto orders = builder.stream<std::string, Order>("orders");
  // [row: Several queries of one stream]
  orders.split()
      .branch([](const Order& order) { return order.price > 100; },
              Branched::with_consumer<std::string, Order>([](const auto& large) { large.to("large-orders"); }))
      .default_branch(Branched::with_consumer<std::string, Order>([](const auto& small) { small.to("small-orders"); }));
  // [end]
  put("orders", "o1", order("c1", "tea", 101));
  put("orders", "o2", order("c2", "pot", 100));
  BOOST_TEST(rows("large-orders") == Rows({R"(o1={"customer":"c1","item":"tea","price":101.0})"}), per_element());
  BOOST_TEST(rows("small-orders") == Rows({R"(o2={"customer":"c2","item":"pot","price":100.0})"}), per_element());
}

BOOST_AUTO_TEST_CASE(explode) {
  // [row: EXPLODE]
  struct Batch {
    std::string unit;
    std::vector<double> readings;
  };
  struct Reading {
    std::string unit;
    double reading = 0;
  };
  builder.stream<std::string, Batch>("batches")
      .flat_map_values([](const Batch& batch) {
        std::vector<Reading> rows;
        for (const double reading : batch.readings) rows.push_back({batch.unit, reading});
        return rows;
      })
      .to("readings");
  // [end]
  put("batches", "s1", R"({"unit":"C","readings":[23,56]})", 3);
  put("batches", "s2", R"({"unit":"F","readings":[]})", 4);
  BOOST_TEST(rows_with_time("readings") ==
                 Rows({R"(s1={"unit":"C","reading":23.0} @3)", R"(s1={"unit":"C","reading":56.0} @3)"}),
             per_element());
}

BOOST_AUTO_TEST_SUITE_END()
