// SPDX-License-Identifier: Apache-2.0
// paid_orders: joins each order with its payments of the next hour. It replaces these statements:
//
//     CREATE STREAM orders (id STRING KEY, customer STRING, total DOUBLE)
//       WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');
//     CREATE STREAM payments (id STRING KEY, order_id STRING, amount DOUBLE)
//       WITH (KAFKA_TOPIC='payments', VALUE_FORMAT='JSON');
//     CREATE STREAM paid_orders WITH (KAFKA_TOPIC='paid-orders') AS
//       SELECT o.id, o.customer AS customer, o.total AS total, p.amount AS paid
//       FROM orders o LEFT JOIN payments p WITHIN (0 SECONDS, 1 HOUR) GRACE PERIOD 10 MINUTES
//         ON o.id = p.order_id EMIT CHANGES;
//
// The key of a payment is the payment's own id, so the join sends the payments through a repartition topic. An order
// without a payment is written, without `paid`, once event time has passed the hour and the grace.
//
// Try it on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker. As in ksqlDB, a new program reads only new records, unless told otherwise.
//
//     topics create orders payments paid-orders --broker embedded:shop
//     echo 'o1={"customer":"c1","total":12.5}' | topics put orders --key-separator = --broker embedded:shop
//     echo 'p1={"order_id":"o1","amount":12.5}' | topics put payments --key-separator = --broker embedded:shop
//     paid_orders --broker embedded:shop -c consumer.auto.offset.reset=earliest       # until Ctrl-C
//     topics cat paid-orders --broker embedded:shop
#include <chrono>
#include <optional>
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct Order {
  std::string customer;
  double total = 0;
};

struct Payment {
  std::string order_id;
  double amount = 0;
};

struct PaidOrder {
  std::string customer;
  double total = 0;
  std::optional<double> paid;
};

// `payment` is null for an order that was not paid in time.
PaidOrder pay(const Order& order, const Payment* payment) {
  PaidOrder paid{order.customer, order.total, {}};
  if (payment != nullptr) paid.paid = payment->amount;
  return paid;
}

Topology build_topology(const StreamsConfig& config) {
  StreamsBuilder builder;
  const auto payments = builder.stream<std::string, Payment>("payments").select_key([](const Payment& payment) {
    return payment.order_id;
  });
  // The window of an order begins at its own time: before(0ms).
  const auto windows = JoinWindows::of_time_difference_and_grace(1h, 10min).before(0ms);
  builder.stream<std::string, Order>("orders").left_join(payments, pay, windows).to("paid-orders");
  return builder.build(config);
}

}  // namespace

int main(int argc, char** argv) {
  return run_app(argc, argv, {.defaults = StreamsConfig::like_ksqldb(), .topology = build_topology});
}
