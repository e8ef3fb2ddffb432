// SPDX-License-Identifier: Apache-2.0
// A foreign-key join of two tables. Rows of both sides change. Orders are deleted, and move from one customer to
// another. Customers are not deleted, and orders have no cache: docs/reliability.md says which results may stay
// otherwise.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "chaos/run.hpp"
#include "millrace/dsl/ktable.hpp"

namespace millrace::chaos {
namespace {

constexpr int kOrders = 25;
constexpr int kCustomers = 8;

class ForeignKeyJoin final : public Scenario {
 public:
  [[nodiscard]] std::vector<S> inputs() const override { return {"orders", "customers"}; }
  [[nodiscard]] std::vector<S> outputs() const override { return {"joined"}; }
  [[nodiscard]] S store() const override { return "customers"; }
  [[nodiscard]] bool has_calm_run() const override { return false; }

  void build(StreamsBuilder& builder, const Names& names, const Work& work) const override {
    const auto customers = builder.table<S, S>(names.in("customers"), Materialized::as("customers"));
    builder.table<S, S>(names.in("orders"), Materialized::as("orders").with_caching_disabled())
        .join(
            customers,
            [work](const S& order) {
              work();
              return customer_of(order);
            },
            [](const S& order, const S& customer) { return order + "+" + customer; })
        .to_stream()
        .to(names.out("joined"));
  }

  void prepare(Input& input) override {
    for (int i = 0; i < kCustomers; ++i) {
      const S key = "c" + std::to_string(i);
      input.write("customers", key, S("first"), 1000);
      customers_[key] = "first";
    }
  }

  void write(Input& input, Chance& chance, int number) override {
    const bool is_order = chance.below(3) > 0;
    const S key =
        is_order ? "o" + std::to_string(chance.below(kOrders)) : "c" + std::to_string(chance.below(kCustomers));
    std::optional<S> value;
    if (!is_order || !chance.one_in(6)) {
      value = (is_order ? "c" + std::to_string(chance.below(kCustomers)) + "/" : S()) + std::to_string(number);
    }
    input.write(is_order ? "orders" : "customers", key, value, 1000 + number);
    auto& table = is_order ? orders_ : customers_;
    if (value) {
      table[key] = *value;
    } else {
      table.erase(key);
    }
  }

  // Also under at least once: results may come twice, but the last row of each order is right.
  void compare(Comparison& comparison) const override {
    std::vector<Row> joined;
    for (const auto& [key, order] : orders_) {
      const auto customer = customers_.find(customer_of(order));
      if (customer != customers_.end()) joined.push_back({key, order + "+" + customer->second});
    }
    const Results expected{{"joined", joined}};
    const Results found{{"joined", comparison.found("joined")}};
    Comparison rows(found, expected, comparison.promise);
    rows.same_last_values("joined");
    for (const S& difference : rows.differences()) comparison.require(false, [&] { return difference; });
  }

 private:
  static S customer_of(const S& order) { return order.substr(0, order.find('/')); }

  std::map<S, S> orders_;
  std::map<S, S> customers_;
};

BOOST_AUTO_TEST_SUITE(Chaos)

BOOST_AUTO_TEST_CASE(of_a_foreign_key_join_ends_with_the_right_results) {
  simulate("foreign", 10, [] { return std::make_unique<ForeignKeyJoin>(); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
