// SPDX-License-Identifier: Apache-2.0
// Each aggregate alone, without a topology. The rules are those of ksqlDB's functions.
#define BOOST_TEST_DYN_LINK
#include "millrace/functions/aggregates.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "millrace/common/errors.hpp"

using namespace millrace::aggregates;

namespace {

struct Order {
  std::string id;
  std::optional<double> price;
  std::int32_t amount = 0;
};

using Prices = std::vector<std::optional<double>>;
using Integers = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

const std::vector<Order> kOrders{{"a", 2.0, 10}, {"b", std::nullopt, 20}, {"c", 4.0, 30}, {"a", 3.0, 40}};
constexpr auto kNull = std::nullopt;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The text of the StreamsException that `action` throws. Empty if it throws none.
template <class F>
std::string error_of(F action) {
  try {
    action();
  } catch (const millrace::StreamsException& error) {
    return error.what();
  }
  return {};
}

/// The result after the values of `left` and of `right` were aggregated apart, and then merged.
template <class A, class Range>
auto merged(const A& aggregate, const Range& left, const Range& right) {
  const auto typed = aggregate.template for_values<typename Range::value_type>();
  auto one = typed.initial();
  auto other = typed.initial();
  for (const auto& value : left) typed.add(one, value);
  for (const auto& value : right) typed.add(other, value);
  typed.merge(one, other);
  return typed.result(one);
}

/// The result after `added` were added, and then `removed` were taken back.
template <class A, class Range>
auto undone(const A& aggregate, const Range& added, const Range& removed) {
  const auto typed = aggregate.template for_values<typename Range::value_type>();
  auto state = typed.initial();
  for (const auto& value : added) typed.add(state, value);
  for (const auto& value : removed) typed.remove(state, value);
  return typed.result(state);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Aggregates)

BOOST_AUTO_TEST_CASE(count_without_an_argument_counts_rows_and_with_one_the_values_that_are_not_null) {
  BOOST_TEST(aggregate_values(count(), kOrders) == 4);
  BOOST_TEST(aggregate_values(count(&Order::price), kOrders) == 3);
  BOOST_TEST(aggregate_values(count(&Order::id), std::vector<Order>()) == 0);
  BOOST_TEST(merged(count(&Order::price), kOrders, kOrders) == 6);
  BOOST_TEST(merged(count(), kOrders, kOrders) == 8);
  BOOST_TEST(undone(count(&Order::price), kOrders, std::vector<Order>(kOrders.begin(), kOrders.begin() + 2)) == 2);
  BOOST_TEST(undone(count(), kOrders, std::vector<Order>(kOrders.begin(), kOrders.begin() + 2)) == 2);
}

BOOST_AUTO_TEST_CASE(sum_ignores_null_and_is_zero_without_numbers) {
  static_assert(std::is_same_v<decltype(aggregate_values(sum(&Order::amount), kOrders)), std::int64_t>);
  static_assert(std::is_same_v<decltype(aggregate_values(sum(&Order::price), kOrders)), double>);
  BOOST_TEST(aggregate_values(sum(&Order::amount), kOrders) == 100);
  BOOST_TEST(aggregate_values(sum(&Order::price), kOrders) == 9.0);
  BOOST_TEST(aggregate_values(sum([](const Order& order) { return order.price.value_or(0) * order.amount; }),
                              kOrders) == 260.0);
  BOOST_TEST(aggregate_values(sum(), Prices{kNull, kNull}) == 0.0);
  BOOST_TEST(merged(sum(), Prices{1, kNull}, Prices{2}) == 3.0);
  BOOST_TEST(undone(sum(), Prices{1, kNull, 5}, Prices{kNull, 1}) == 5.0);
}

BOOST_AUTO_TEST_CASE(sum_of_integers_is_an_error_beyond_64_bits) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(aggregate_values(sum(), std::vector<std::int32_t>(3, std::numeric_limits<std::int32_t>::max())) ==
             6'442'450'941);
  BOOST_TEST(aggregate_values(sum(), Integers{kMax, -1, 1}) == kMax);
  BOOST_TEST(error_of([&] {
               (void)aggregate_values(sum(), Integers{kMax, 1});
             }) ==
             "sum: 9223372036854775807 + 1 is outside the range of 64-bit integers; let the argument return a double");
  BOOST_TEST(error_of([&] { (void)undone(sum(), Integers{-1}, Integers{kMax}); }).empty());
  BOOST_TEST(!error_of([&] { (void)undone(sum(), Integers{-2}, Integers{kMax}); }).empty());
  BOOST_TEST(!error_of([&] { (void)merged(sum(), Integers{kMax}, Integers{kMax}); }).empty());
  BOOST_TEST(!error_of([&] { (void)aggregate_values(avg(), Integers{kMax, kMax}); }).empty());
  BOOST_TEST(!error_of([&] { (void)aggregate_values(sum(), std::vector<std::uint64_t>{1ULL << 63}); }).empty());
}

BOOST_AUTO_TEST_CASE(avg_ignores_null_and_is_zero_without_numbers) {
  BOOST_TEST(aggregate_values(avg(&Order::price), kOrders) == 3.0);
  BOOST_TEST(aggregate_values(avg(&Order::amount), kOrders) == 25.0);
  BOOST_TEST(aggregate_values(avg(), Prices{kNull}) == 0.0);
  BOOST_TEST(merged(avg(), Prices{1, kNull, 2}, Prices{6}) == 3.0);
  BOOST_TEST(undone(avg(), Prices{1, kNull, 5}, Prices{kNull, 1}) == 5.0);
  BOOST_TEST(undone(avg(), Prices{1}, Prices{1}) == 0.0);
}

BOOST_AUTO_TEST_CASE(min_and_max_ignore_null_and_are_null_without_values) {
  BOOST_TEST((aggregate_values(min(&Order::price), kOrders) == 2.0));
  BOOST_TEST((aggregate_values(max(&Order::price), kOrders) == 4.0));
  BOOST_TEST((aggregate_values(min(&Order::id), kOrders) == "a"));
  BOOST_TEST(!aggregate_values(min(), Prices{kNull}).has_value());
  BOOST_TEST(!aggregate_values(max(), Prices{}).has_value());
  BOOST_TEST((merged(min(), Prices{3}, Prices{kNull, 2}) == 2.0));
  BOOST_TEST((merged(max(), Prices{3}, Prices{kNull, 2}) == 3.0));
  BOOST_TEST((merged(max(), Prices{3}, Prices{kNull}) == 3.0));
}

BOOST_AUTO_TEST_CASE(doubles_have_the_order_of_java) {
  for (const auto& values : {Prices{kNan, 1}, Prices{1, kNan}}) {
    BOOST_TEST((aggregate_values(min(), values) == 1.0));
    BOOST_TEST(std::isnan(*aggregate_values(max(), values)));
    BOOST_TEST(std::isnan(aggregate_values(top_k<1>(), values).at(0)));
  }
  for (const auto& values : {Prices{-0.0, 0.0}, Prices{0.0, -0.0}}) {
    BOOST_TEST(std::signbit(*aggregate_values(min(), values)));
    BOOST_TEST(!std::signbit(*aggregate_values(max(), values)));
  }
  BOOST_TEST(aggregate_values(collect_set(), Prices{kNan, kNan}).size() == 1);
}

BOOST_AUTO_TEST_CASE(latest_and_earliest_ignore_null_unless_told_to_keep_it) {
  const Prices values{kNull, 1, 2, kNull};
  BOOST_TEST((aggregate_values(latest(), values) == 2.0));
  BOOST_TEST((aggregate_values(earliest(), values) == 1.0));
  BOOST_TEST(!aggregate_values(latest_with_nulls(), values).has_value());
  BOOST_TEST(!aggregate_values(earliest_with_nulls(), values).has_value());
  BOOST_TEST((aggregate_values(latest_with_nulls(), Prices{kNull, 1}) == 1.0));
  BOOST_TEST((aggregate_values(earliest_with_nulls(), Prices{1, kNull}) == 1.0));
  BOOST_TEST(!aggregate_values(latest(), Prices{kNull}).has_value());
  // The merged state is the later one.
  BOOST_TEST((merged(latest(), Prices{1}, Prices{2, kNull}) == 2.0));
  BOOST_TEST((merged(latest(), Prices{1}, Prices{kNull}) == 1.0));
  BOOST_TEST((merged(earliest(), Prices{1}, Prices{2}) == 1.0));
  BOOST_TEST((merged(earliest(), Prices{kNull}, Prices{2}) == 2.0));
  BOOST_TEST(!merged(latest_with_nulls(), Prices{1}, Prices{kNull}).has_value());
  BOOST_TEST((merged(latest_with_nulls(), Prices{1}, Prices{}) == 1.0));
  BOOST_TEST(!merged(earliest_with_nulls(), Prices{kNull}, Prices{2}).has_value());
}

BOOST_AUTO_TEST_CASE(collect_list_keeps_nulls_and_order_up_to_its_limit) {
  BOOST_TEST((aggregate_values(collect_list(&Order::id), kOrders) == Texts{"a", "b", "c", "a"}));
  BOOST_TEST((aggregate_values(collect_list(&Order::price), kOrders) == Prices{2, kNull, 4, 3}));
  BOOST_TEST((aggregate_values(collect_list(&Order::id, 3), kOrders) == Texts{"a", "b", "c"}));
  BOOST_TEST((merged(collect_list(&Order::id, 5), kOrders, kOrders) == Texts{"a", "b", "c", "a", "a"}));
  // The last equal value leaves.
  BOOST_TEST((undone(collect_list(), Texts{"a", "b", "a", "c"}, Texts{"a", "x"}) == Texts{"a", "b", "c"}));
  BOOST_TEST((undone(collect_list(), Prices{kNull, 1, kNull}, Prices{kNull}) == Prices{kNull, 1}));
  BOOST_TEST((aggregate_values(collect_list(), std::vector<bool>{true, false}) == std::vector<bool>{true, false}));
}

BOOST_AUTO_TEST_CASE(collect_set_keeps_one_null_and_the_order_of_first_occurrence) {
  BOOST_TEST((aggregate_values(collect_set(&Order::id), kOrders) == Texts{"a", "b", "c"}));
  BOOST_TEST((aggregate_values(collect_set(&Order::id, 2), kOrders) == Texts{"a", "b"}));
  BOOST_TEST((aggregate_values(collect_set(), Prices{1, kNull, 1, kNull}) == Prices{1, kNull}));
  BOOST_TEST((merged(collect_set(std::identity(), 3), Texts{"b", "a"}, Texts{"a", "c", "d"}) == Texts{"b", "a", "c"}));
}

BOOST_AUTO_TEST_CASE(top_k_has_the_largest_values_in_descending_order) {
  BOOST_TEST((aggregate_values(top_k<2>(&Order::price), kOrders) == std::vector<double>{4, 3}));
  BOOST_TEST((aggregate_values(top_k<9>(&Order::price), kOrders) == std::vector<double>{4, 3, 2}));
  BOOST_TEST((aggregate_values(top_k<3>(), Integers{1, 5, 5, 3, 5}) == Integers{5, 5, 5}));
  BOOST_TEST((aggregate_values(top_k_distinct<3>(), Integers{1, 5, 5, 3, 5, 0}) == Integers{5, 3, 1}));
  BOOST_TEST((merged(top_k<3>(), Integers{9, 5, 1}, Integers{5, 7}) == Integers{9, 7, 5}));
  BOOST_TEST((merged(top_k_distinct<3>(), Integers{9, 5, 1}, Integers{9, 5}) == Integers{9, 5, 1}));
}

BOOST_AUTO_TEST_CASE(top_k_keeps_other_members_in_a_pair) {
  const auto with_id = [](const Order& order) { return std::pair(order.amount, order.id); };
  const std::vector<std::pair<std::int32_t, std::string>> expected{{40, "a"}, {30, "c"}};
  BOOST_TEST((aggregate_values(top_k<2>(with_id), kOrders) == expected));
}

BOOST_AUTO_TEST_CASE(histogram_counts_values_up_to_its_limit) {
  using Counts = std::map<std::string, std::int64_t>;
  BOOST_TEST((aggregate_values(histogram(&Order::id), kOrders) == Counts{{"a", 2}, {"b", 1}, {"c", 1}}));
  BOOST_TEST((aggregate_values(histogram(&Order::id, 1), kOrders) == Counts{{"a", 2}}));
  BOOST_TEST((aggregate_values(histogram(), std::vector<std::optional<std::string>>{kNull, "x"}) == Counts{{"x", 1}}));
  BOOST_TEST((merged(histogram(std::identity(), 2), Texts{"a", "b"}, Texts{"b", "c"}) == Counts{{"a", 1}, {"b", 2}}));
  BOOST_TEST((undone(histogram(), Texts{"a", "a", "b"}, Texts{"a", "b", "x"}) == Counts{{"a", 1}}));
}

BOOST_AUTO_TEST_CASE(histogram_has_a_limit_of_1000_values) {
  Integers values;
  for (std::int64_t value = 0; value < 1500; ++value) values.push_back(value);
  BOOST_TEST(aggregate_values(histogram(), values).size() == 1000);
}

BOOST_AUTO_TEST_CASE(several_aggregates_give_a_tuple_or_a_struct) {
  const auto [orders, amount, prices] =
      aggregate_values(of(count(), sum(&Order::amount), top_k<1>(&Order::price)), kOrders);
  BOOST_TEST(orders == 4);
  BOOST_TEST(amount == 100);
  BOOST_TEST((prices == std::vector<double>{4}));
  struct Totals {
    std::int64_t orders;
    double price;
    std::optional<std::string> last;
  };
  const auto totals = aggregate_values(aggregate_to<Totals>(count(), avg(&Order::price), latest(&Order::id)), kOrders);
  BOOST_TEST(totals.orders == 4);
  BOOST_TEST(totals.price == 3.0);
  BOOST_TEST((totals.last == "a"));
}

BOOST_AUTO_TEST_CASE(an_argument_may_return_a_view_of_text) {
  const auto first = [](const Order& order) { return std::string_view(order.id).substr(0, 1); };
  static_assert(std::is_same_v<decltype(aggregate_values(collect_set(first), kOrders)), Texts>);
  BOOST_TEST((aggregate_values(collect_set(first), kOrders) == Texts{"a", "b", "c"}));
}

BOOST_AUTO_TEST_SUITE_END()
