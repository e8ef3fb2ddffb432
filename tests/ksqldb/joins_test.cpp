// SPDX-License-Identifier: Apache-2.0
// Rows of docs/ksqldb.md: joins.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "ksqldb/query.hpp"
#include "ksqldb/shop.hpp"

using boost::test_tools::per_element;
using namespace millrace;
using namespace millrace::ksqldb_rows;

namespace {

constexpr Timestamp kMinute = 60'000;

// [row: The result of the joins of two streams]
struct Paid {
  std::optional<double> price;
  std::optional<double> amount;
};
Paid pay(const Order* order, const Payment* payment) {
  Paid paid;
  if (order != nullptr) paid.price = order->price;
  if (payment != nullptr) paid.amount = payment->amount;
  return paid;
}
// [end]

// [row: The result of the joins with customers]
struct Shipment {
  std::string item;
  std::optional<std::string> city;
};
Shipment ship(const Order& order, const Customer* customer) {
  Shipment shipment{order.item, {}};
  if (customer != nullptr) shipment.city = customer->city;
  return shipment;
}
// [end]

struct Fixture : Query {
  void order_at(const std::string& id, double price, Timestamp at) { put("orders", id, order("c1", "tea", price), at); }
  void payment_at(const std::string& id, const std::string& amount, Timestamp at) {
    put("payments", id, "{\"amount\":" + amount + "}", at);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KsqldbJoins, Fixture)

BOOST_AUTO_TEST_CASE(join_within_with_grace) {
  // [row: JOIN ... WITHIN ... GRACE]
  auto orders = builder.stream<std::string, Order>("orders");
  auto payments = builder.stream<std::string, Payment>("payments");
  auto both = [](const Order& order, const Payment& payment) { return pay(&order, &payment); };
  orders.join(payments, both, JoinWindows::of_time_difference_and_grace(60min, 15min)).to("paid-orders");
  // [end]
  order_at("o1", 5, 0);
  payment_at("o1", "5", 60 * kMinute);
  payment_at("o1", "6", 60 * kMinute + 1);
  order_at("o1", 7, 10);
  payment_at("x", "1", 200 * kMinute);
  order_at("o1", 8, 20);  // too late
  BOOST_TEST(rows_with_time("paid-orders") ==
                 Rows({R"(o1={"price":5.0,"amount":5.0} @3600000)", R"(o1={"price":7.0,"amount":5.0} @3600000)",
                       R"(o1={"price":7.0,"amount":6.0} @3600001)"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(within_before_and_after) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto payments = builder.stream<std::string, Payment>("payments");
  const auto both = [](const Order& order, const Payment& payment) { return pay(&order, &payment); };
  // [row: WITHIN (before, after)]
  auto windows = JoinWindows::of_time_difference_and_grace(0min, 15min).after(60min);
  orders.join(payments, both, windows).to("paid-orders");
  // [end]
  order_at("o1", 5, kMinute);
  payment_at("o1", "1", kMinute - 1);
  payment_at("o1", "2", kMinute);
  payment_at("o1", "3", 61 * kMinute);
  BOOST_TEST(rows("paid-orders") == Rows({R"(o1={"price":5.0,"amount":2.0})", R"(o1={"price":5.0,"amount":3.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(left_join_with_grace) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto payments = builder.stream<std::string, Payment>("payments");
  // [row: LEFT JOIN ... WITHIN ... GRACE]
  auto left = [](const Order& order, const Payment* payment) { return pay(&order, payment); };
  orders.left_join(payments, left, JoinWindows::of_time_difference_and_grace(60min, 15min)).to("settled-orders");
  // [end]
  order_at("o1", 5, 0);
  order_at("o2", 6, 1);
  payment_at("o2", "6", 2);
  BOOST_TEST(rows("settled-orders") == Rows({R"(o2={"price":6.0,"amount":6.0})"}), per_element());
  payment_at("x", "1", 75 * kMinute + 1);
  BOOST_TEST(rows_with_time("settled-orders") == Rows({R"(o1={"price":5.0} @0)"}), per_element());
}

BOOST_AUTO_TEST_CASE(left_join_without_grace) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto payments = builder.stream<std::string, Payment>("payments");
  const auto left = [](const Order& order, const Payment* payment) { return pay(&order, payment); };
  // [row: LEFT JOIN ... WITHIN without GRACE]
  orders.left_join(payments, left, JoinWindows::of(60min)).to("settled-orders");
  // [end]
  order_at("o1", 5, 0);
  payment_at("o1", "5", 1);
  payment_at("x", "1", 24 * 60 * kMinute);
  order_at("o1", 7, 60 * kMinute + 1);
  BOOST_TEST(rows("settled-orders") ==
                 Rows({R"(o1={"price":5.0})", R"(o1={"price":5.0,"amount":5.0})", R"(o1={"price":7.0,"amount":5.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(right_join) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto payments = builder.stream<std::string, Payment>("payments");
  // [row: RIGHT JOIN]
  auto right = [](const Payment& payment, const Order* order) { return pay(order, &payment); };
  payments.left_join(orders, right, JoinWindows::of_time_difference_and_grace(60min, 15min)).to("payments-checked");
  // [end]
  payment_at("o1", "5", 0);
  payment_at("o2", "6", 1);
  order_at("o2", 6, 2);
  order_at("x", 1, 75 * kMinute + 1);
  BOOST_TEST(rows("payments-checked") == Rows({R"(o2={"price":6.0,"amount":6.0})", R"(o1={"amount":5.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(full_outer_join) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto payments = builder.stream<std::string, Payment>("payments");
  // [row: FULL OUTER JOIN]
  orders.outer_join(payments, pay, JoinWindows::of_time_difference_and_grace(60min, 15min)).to("reconciled");
  // [end]
  order_at("o1", 1, 0);
  payment_at("o2", "2", 0);
  order_at("o3", 3, 0);
  payment_at("o3", "3", 0);
  order_at("x", 9, 75 * kMinute + 1);
  auto reconciled = rows("reconciled");
  BOOST_TEST(reconciled.front() == R"(o3={"price":3.0,"amount":3.0})");
  std::sort(reconciled.begin(), reconciled.end());
  BOOST_TEST(reconciled == Rows({R"(o1={"price":1.0})", R"(o2={"amount":2.0})", R"(o3={"price":3.0,"amount":3.0})"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(join_of_a_stream_with_a_table) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto customers = builder.table<std::string, Customer>("customers");
  // [row: JOIN of a stream with a table]
  orders.select_key([](const Order& order) { return order.customer; })
      .join(customers, [](const Order& order, const Customer& customer) { return ship(order, &customer); })
      .to("shipments");
  // [end]
  put("orders", "o1", order("c1", "tea", 1), 10);
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})", 20);
  put("orders", "o2", order("c1", "pot", 1), 15);
  put("customers", "c1", R"({"name":"Ann","city":"Oslo"})", 30);
  put("orders", "o3", order("c1", "cup", 1), 31);
  BOOST_TEST(rows_with_time("shipments") ==
                 Rows({R"(c1={"item":"pot","city":"Rome"} @15)", R"(c1={"item":"cup","city":"Oslo"} @31)"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(left_join_of_a_stream_with_a_table) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto customers = builder.table<std::string, Customer>("customers");
  // [row: LEFT JOIN of a stream with a table]
  orders.select_key([](const Order& order) { return order.customer; }).left_join(customers, ship).to("shipments");
  // [end]
  put("orders", "o1", order("c1", "tea", 1), 10);
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})", 20);
  put("orders", "o2", order("c1", "pot", 1), 21);
  put("customers", "c1", std::nullopt, 22);
  put("orders", "o3", order("c1", "cup", 1), 23);
  BOOST_TEST(
      rows("shipments") == Rows({R"(c1={"item":"tea"})", R"(c1={"item":"pot","city":"Rome"})", R"(c1={"item":"cup"})"}),
      per_element());
}

BOOST_AUTO_TEST_CASE(join_of_two_tables) {
  // [row: JOIN of two tables]
  auto prices = builder.table<std::string, double>("prices", Consumed().with_value_serde(JsonSerde<double>()));
  auto stocks =
      builder.table<std::string, std::int64_t>("stocks", Consumed().with_value_serde(JsonSerde<std::int64_t>()));
  auto worth = [](double price, std::int64_t stock) { return price * static_cast<double>(stock); };
  prices.join(stocks, worth).to("worth", Produced().with_value_serde(JsonSerde<double>()));
  // [end]
  put("prices", "tea", "2");
  put("stocks", "tea", "3");
  put("stocks", "pot", "3");
  put("prices", "tea", "4");
  put("stocks", "tea", std::nullopt);
  BOOST_TEST(rows("worth") == Rows({"tea=6.0", "tea=12.0", "tea=null"}), per_element());
}

BOOST_AUTO_TEST_CASE(outer_join_of_two_tables) {
  struct Address {
    std::string city;
  };
  struct Account {
    double balance = 0;
  };
  const auto addresses = builder.table<std::string, Address>("addresses");
  const auto accounts = builder.table<std::string, Account>("accounts");
  // [row: FULL OUTER JOIN of two tables]
  struct Profile {
    std::optional<std::string> city;
    std::optional<double> balance;
  };
  addresses
      .outer_join(accounts,
                  [](const Address* address, const Account* account) {
                    Profile profile;
                    if (address != nullptr) profile.city = address->city;
                    if (account != nullptr) profile.balance = account->balance;
                    return profile;
                  })
      .to("profiles");
  // [end]
  put("addresses", "c1", R"({"city":"Rome"})");
  put("accounts", "c1", R"({"balance":5})");
  put("addresses", "c1", std::nullopt);
  put("accounts", "c1", std::nullopt);
  BOOST_TEST(rows("profiles") == Rows({R"(c1={"city":"Rome"})", R"(c1={"city":"Rome","balance":5.0})",
                                       R"(c1={"balance":5.0})", "c1=null"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(foreign_key_join) {
  const auto customers = builder.table<std::string, Customer>("customers");
  // [row: JOIN by a foreign key]
  auto orders = builder.table<std::string, Order>("orders");
  auto customer_of = [](const Order& order) { return order.customer; };
  orders.left_join(customers, customer_of, ship).to("shipments");
  // [end]
  put("orders", "o1", order("c1", "tea", 1));
  put("orders", "o2", order("c1", "pot", 1));
  BOOST_TEST(rows("shipments") == Rows({R"(o1={"item":"tea"})", R"(o2={"item":"pot"})"}), per_element());
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})");
  BOOST_TEST(rows("shipments") == Rows({R"(o1={"item":"tea","city":"Rome"})", R"(o2={"item":"pot","city":"Rome"})"}),
             per_element());
  put("orders", "o1", std::nullopt);
  BOOST_TEST(rows("shipments") == Rows({"o1=null"}), per_element());
}

BOOST_AUTO_TEST_CASE(joins_of_three) {
  const auto orders = builder.stream<std::string, Order>("orders");
  const auto payments = builder.stream<std::string, Payment>("payments");
  const auto customers = builder.table<std::string, Customer>("customers");
  // [row: Several joins]
  struct Deal {
    std::string customer;
    double amount = 0;
    std::string city;
  };
  orders
      .join(
          payments,
          [](const Order& order, const Payment& payment) {
            return Deal{order.customer, payment.amount, ""};
          },
          JoinWindows::of_time_difference_and_grace(60min, 15min))
      .select_key([](const Deal& deal) { return deal.customer; })
      .join(customers,
            [](const Deal& deal, const Customer& customer) {
              return Deal{deal.customer, deal.amount, customer.city};
            })
      .to("deals");
  // [end]
  put("customers", "c1", R"({"name":"Ann","city":"Rome"})");
  order_at("o1", 5, 1);
  payment_at("o1", "5", 2);
  BOOST_TEST(rows("deals") == Rows({R"(c1={"customer":"c1","amount":5.0,"city":"Rome"})"}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()
