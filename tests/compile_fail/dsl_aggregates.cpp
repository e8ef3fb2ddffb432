// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <utility>

#include "dsl_streams.hpp"
#include "millrace/functions/aggregates.hpp"
#include "millrace/serde/json.hpp"

// Ready-made aggregates that do not fit the values, the result or the table.

namespace aggregates = millrace::aggregates;

struct Order {
  std::string id;
  double price = 0;
};
MILLRACE_JSON(Order, id, price)
struct Other {
  double price = 0;
};
struct Opaque {
  bool operator==(const Opaque&) const = default;
};
struct Totals {
  std::int64_t count = 0;
  double price = 0;
};

void ready_made_aggregates() {
  const auto orders = keyed().map_values([](const std::string& id) { return Order{id, 1}; }).group_by_key();
  const auto rows = builder.table<std::string, std::string>("table").group_by(
      [](const std::string& key, const std::string& value) { return std::pair(key, value); });

#ifdef MILLRACE_MISUSE_member_of_another_struct
  (void)orders.aggregate(aggregates::sum(&Other::price));
#else
  (void)orders.aggregate(aggregates::sum(&Order::price));
#endif

#ifdef MILLRACE_MISUSE_sum_of_texts
  (void)orders.aggregate(aggregates::of(aggregates::count(), aggregates::sum(&Order::id)));
#else
  (void)orders.aggregate(aggregates::of(aggregates::count(), aggregates::max(&Order::id)));
#endif

#ifdef MILLRACE_MISUSE_struct_with_other_members
  (void)orders.aggregate(aggregates::aggregate_to<Totals>(aggregates::count(), aggregates::max(&Order::id)));
#else
  (void)orders.aggregate(aggregates::aggregate_to<Totals>(aggregates::count(), aggregates::avg(&Order::price)));
#endif

#ifdef MILLRACE_MISUSE_struct_with_too_many_members
  (void)orders.aggregate(aggregates::aggregate_to<Totals>(aggregates::count()));
#endif

#ifdef MILLRACE_MISUSE_values_without_serde
  (void)orders.aggregate(aggregates::collect_list([](const Order&) { return Opaque(); }));
#endif

#ifdef MILLRACE_MISUSE_max_of_a_table
  (void)rows.aggregate(aggregates::max());
#else
  (void)rows.aggregate(aggregates::count());
#endif
}
