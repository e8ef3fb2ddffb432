// join_within: which orders were paid within ten minutes, and which were not.
//
// On the embedded broker, which keeps its topics in a directory (for Kafka, give --bootstrap-servers localhost:9092
// instead of --broker):
//
//     topics create orders payments settled --broker embedded:orders
//     echo '{"order":"o1","total":12.5}' | topics put orders --broker embedded:orders
//     echo '{"order":"o1","amount":12.5}' | topics put payments --broker embedded:orders
//     join_within --broker embedded:orders            # until Ctrl-C
//     topics cat settled --broker embedded:orders
//
// An order without payment comes out once the records' own time has moved past ten minutes and a minute of grace.
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
MILLRACE_JSON(Order, order, total)

struct Payment {
  std::string order;
  double amount = 0;
};
MILLRACE_JSON(Payment, order, amount)

struct Settled {
  std::string order;
  double due = 0;
  bool paid = false;
};
MILLRACE_JSON(Settled, order, due, paid)

Settled settle(const Order& order, const Payment* payment) {
  const double due = order.total - (payment != nullptr ? payment->amount : 0);
  return {order.order, due, due <= 0};
}

Topology build_topology() {
  const auto by_order = [](const auto& record) { return record.order; };
  StreamsBuilder builder;
  const auto orders = builder.stream<Unkeyed, Order>("orders").select_key(by_order);
  const auto payments = builder.stream<Unkeyed, Payment>("payments").select_key(by_order);
  // Payments are for orders before them: nothing is looked for further back.
  const auto windows = JoinWindows::of_time_difference_and_grace(10min, 1min).before(0ms);
  orders.left_join(payments, settle, windows).to("settled");
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) { return run_app(argc, argv, build_topology()); }
