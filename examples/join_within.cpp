// SPDX-License-Identifier: Apache-2.0
// join_within: finds out which orders were paid within ten minutes, and which were not.
//
// This example runs on the embedded broker, which keeps its topics in a directory. For Kafka, write --bootstrap-servers
// localhost:9092 instead of --broker.
//
//     topics create orders payments settled --broker embedded:orders
//     echo '{"order":"o1","total":12.5}' | topics put orders --broker embedded:orders
//     echo '{"order":"o1","amount":12.5}' | topics put payments --broker embedded:orders
//     join_within --broker embedded:orders            # until Ctrl-C
//     topics cat settled --broker embedded:orders
//
// An order without a payment is written when event time has passed the ten minutes and one more minute of grace. Event
// time is the time in the records, so newer records must arrive first.
#include <chrono>
#include <string>

#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct Order {
  std::string order;
  double total = 0;
};

struct Payment {
  std::string order;
  double amount = 0;
};

struct Settled {
  std::string order;
  double due = 0;
  bool paid = false;
};
// The macro gives a field another name in JSON.
MILLRACE_JSON(Settled, order, (due, "amount_due"), paid)

// `payment` is null for an order that was not paid in time.
Settled settle(const Order& order, const Payment* payment) {
  const double due = order.total - (payment != nullptr ? payment->amount : 0);
  return {order.order, due, due <= 0};
}

Topology build_topology() {
  // Both topics have no key. select_key() makes the order number the key, so that matching records meet in one
  // partition.
  const auto by_order = [](const auto& record) { return record.order; };
  StreamsBuilder builder;
  const auto orders = builder.stream<Unkeyed, Order>("orders").select_key(by_order);
  const auto payments = builder.stream<Unkeyed, Payment>("payments").select_key(by_order);
  // A payment belongs to an order before it, never to a later one. So the join does not look back: before(0ms).
  const auto windows = JoinWindows::of_time_difference_and_grace(10min, 1min).before(0ms);
  orders.left_join(payments, settle, windows).to("settled");
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) { return run_app(argc, argv, build_topology()); }
