// SPDX-License-Identifier: Apache-2.0
// large_orders: filters the orders, rates them, and makes the customer the key. It replaces these statements:
//
//     CREATE STREAM orders (id STRING KEY, customer STRING, item STRING, price DOUBLE, quantity INT)
//       WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');
//     CREATE STREAM large_orders WITH (KAFKA_TOPIC='large-orders') AS
//       SELECT customer, id AS order_id, item, price * quantity AS total,
//              CASE WHEN price * quantity >= 1000 THEN 'gold'
//                   WHEN price * quantity >= 500 THEN 'silver' ELSE 'bronze' END AS rank
//       FROM orders WHERE price * quantity > 100 PARTITION BY customer EMIT CHANGES;
//
// Try it on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker. As in ksqlDB, a new program reads only new records, unless told otherwise.
//
//     topics create orders large-orders --broker embedded:shop
//     echo 'o1={"customer":"c1","item":"desk","price":300,"quantity":2}' |
//         topics put orders --key-separator = --broker embedded:shop
//     large_orders --broker embedded:shop -c consumer.auto.offset.reset=earliest      # until Ctrl-C
//     topics cat large-orders --broker embedded:shop
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

namespace {

struct Order {
  std::string customer;
  std::string item;
  double price = 0;
  std::int32_t quantity = 0;

  [[nodiscard]] double total() const { return price * quantity; }
};

struct LargeOrder {
  std::string customer;
  std::string order_id;
  std::string item;
  double total = 0;
  std::string rank;
};

LargeOrder rate(const std::string& id, const Order& order) {
  const double total = order.total();
  const std::string rank = total >= 1000 ? "gold" : total >= 500 ? "silver" : "bronze";
  return {order.customer, id, order.item, total, rank};
}

Topology build_topology(const StreamsConfig& config) {
  StreamsBuilder builder;
  builder.stream<std::string, Order>("orders")
      .filter([](const Order& order) { return order.total() > 100; })
      .map_values(rate)
      .select_key([](const LargeOrder& order) { return order.customer; })
      .to("large-orders");
  return builder.build(config);
}

}  // namespace

int main(int argc, char** argv) {
  return run_app(argc, argv, {.defaults = StreamsConfig::like_ksqldb(), .topology = build_topology});
}
