// SPDX-License-Identifier: Apache-2.0
// enriched_orders: adds the customer's name and city to each order. It replaces these statements:
//
//     CREATE STREAM orders (id STRING KEY, customer STRING, item STRING, price DOUBLE)
//       WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');
//     CREATE TABLE customers (id STRING PRIMARY KEY, name STRING, city STRING)
//       WITH (KAFKA_TOPIC='customers', VALUE_FORMAT='JSON');
//     CREATE STREAM enriched_orders WITH (KAFKA_TOPIC='enriched-orders') AS
//       SELECT o.customer, o.item AS item, o.price AS price, c.name AS name, c.city AS city
//       FROM orders o LEFT JOIN customers c ON o.customer = c.id EMIT CHANGES;
//
// An order gets the row that the customer has when the order is processed. Later changes of the customer do not change
// it. An order of an unknown customer has neither name nor city.
//
// Try it on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker. As in ksqlDB, a new program reads only new records, unless told otherwise.
//
//     topics create customers orders enriched-orders --broker embedded:shop
//     echo 'c1={"name":"Ann","city":"Rome"}' | topics put customers --key-separator = --broker embedded:shop
//     echo 'o1={"customer":"c1","item":"tea","price":2.5}' |
//         topics put orders --key-separator = --broker embedded:shop
//     enriched_orders --broker embedded:shop -c consumer.auto.offset.reset=earliest   # until Ctrl-C
//     topics cat enriched-orders --broker embedded:shop
#include <optional>
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

namespace {

struct Order {
  std::string customer;
  std::string item;
  double price = 0;
};

struct Customer {
  std::string name;
  std::string city;
};

struct EnrichedOrder {
  std::string item;
  double price = 0;
  std::optional<std::string> name;
  std::optional<std::string> city;
};

EnrichedOrder enrich(const Order& order, const Customer* customer) {
  if (customer == nullptr) return {order.item, order.price, {}, {}};
  return {order.item, order.price, customer->name, customer->city};
}

Topology build_topology(const StreamsConfig& config) {
  StreamsBuilder builder;
  const auto customers = builder.table<std::string, Customer>("customers", Materialized::as("customers"));
  builder.stream<std::string, Order>("orders")
      .select_key([](const Order& order) { return order.customer; })
      .left_join(customers, enrich)
      .to("enriched-orders");
  return builder.build(config);
}

}  // namespace

int main(int argc, char** argv) {
  return run_app(argc, argv, {.defaults = StreamsConfig::like_ksqldb(), .topology = build_topology});
}
