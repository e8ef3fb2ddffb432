// SPDX-License-Identifier: Apache-2.0
// The bytes of the states in stores and changelogs.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/functions/aggregates.hpp"
#include "millrace/serde/json.hpp"

using namespace millrace::aggregates;

namespace {

enum class Side : std::uint8_t { buy, sell };

struct Place {
  std::string name;
  int floor = 0;
  auto operator<=>(const Place&) const = default;
};
MILLRACE_JSON(Place, name, floor)

struct Trade {
  std::optional<double> price;
  float weight = 0;
  std::uint16_t lots = 0;
  bool open = false;
  Side side = Side::buy;
  std::string venue;
  Place place;
};

const std::vector<Trade> kTrades{{1.5, 2.5F, 3, true, Side::sell, "x", {"hall", 1}},
                                 {std::nullopt, -0.0F, 65535, false, Side::buy, "", {"", -7}},
                                 {-4.0, 1e30F, 0, true, Side::sell, "ä", {"roof", 9}}};

const auto kAll =
    of(count(), count(&Trade::price), sum(&Trade::lots), sum(&Trade::price), avg(&Trade::lots), min(&Trade::side),
       max(&Trade::venue), latest(&Trade::place), latest_with_nulls(&Trade::price), earliest_with_nulls(&Trade::price),
       earliest(&Trade::price), collect_list(&Trade::price), collect_list(&Trade::open), collect_set(&Trade::weight),
       top_k<2>([](const Trade& trade) { return std::pair(trade.lots, trade.place); }), top_k_distinct<2>(&Trade::lots),
       histogram(&Trade::venue), histogram(&Trade::place));

template <class State>
std::string bytes_of(const State& state) {
  std::string bytes;
  millrace::Serde<State>().serialize("topic", state, bytes);
  return bytes;
}

/// The text of the SerializationException when `bytes` are read. Empty if there is none.
template <class State>
std::string error_of(const std::string& bytes) {
  try {
    (void)millrace::Serde<State>().deserialize("topic", bytes);
  } catch (const millrace::SerializationException& error) {
    return error.what();
  }
  return {};
}

template <class A>
auto state_of(const A& aggregation) {
  const auto typed = aggregation.template for_values<Trade>();
  auto state = typed.initial();
  for (const auto& trade : kTrades) typed.add(state, trade);
  return state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(AggregateState)

BOOST_AUTO_TEST_CASE(comes_back_from_its_bytes) {
  const auto state = state_of(kAll);
  using State = std::remove_const_t<decltype(state)>;
  BOOST_TEST((millrace::Serde<State>().deserialize("topic", bytes_of(state)) == state));
  const auto empty = kAll.for_values<Trade>().initial();
  BOOST_TEST((millrace::Serde<State>().deserialize("topic", bytes_of(empty)) == empty));
}

BOOST_AUTO_TEST_CASE(has_this_format) {
  // A change of the format loses the stores of users.
  const auto state = state_of(of(count(), avg(&Trade::lots), latest(&Trade::venue)));
  const std::string expected(
      "\x4e\xfe\xb3\x24"  // fingerprint
      "\0\0\0\0\0\0\0\3"  // count
      "\0\0\0\0\0\1\0\2"
      "\0\0\0\0\0\0\0\3"  // sum and count of avg
      "\1"
      "\0\0\0\2\xc3\xa4",
      35);  // latest
  BOOST_TEST(bytes_of(state) == expected);
}

BOOST_AUTO_TEST_CASE(is_refused_if_the_bytes_end_too_early_or_too_late) {
  const auto state = state_of(kAll);
  using State = std::remove_const_t<decltype(state)>;
  const std::string bytes = bytes_of(state);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BOOST_TEST_CONTEXT("the first " << size << " bytes") {
      BOOST_TEST(!error_of<State>(bytes.substr(0, size)).empty());
    }
  }
  BOOST_TEST(error_of<State>(bytes + "x") == "aggregate state: 1 bytes follow the last aggregate");
}

BOOST_AUTO_TEST_CASE(is_refused_if_other_aggregates_wrote_it) {
  const std::string bytes = bytes_of(state_of(of(count(), sum(&Trade::lots))));
  using Swapped = decltype(state_of(of(sum(&Trade::lots), count())));
  using OtherType = decltype(state_of(of(count(), sum(&Trade::price))));
  using OfAColumn = decltype(state_of(of(count(&Trade::price), sum(&Trade::lots))));
  BOOST_TEST(error_of<Swapped>(bytes) ==
             "aggregate state: the bytes were not written by the aggregates [sum, count(*)]: if the topology was "
             "changed, give the store another name or reset the application");
  BOOST_TEST(!error_of<OtherType>(bytes).empty());
  BOOST_TEST(!error_of<OfAColumn>(bytes).empty());
}

BOOST_AUTO_TEST_CASE(of_a_longer_top_k_is_shortened_by_the_next_value) {
  const std::string bytes = bytes_of(state_of(top_k<3>(&Trade::lots)));
  const auto shorter = top_k<1>(&Trade::lots).for_values<Trade>();
  auto state = millrace::Serde<decltype(shorter.initial())>().deserialize("topic", bytes);
  Trade trade;
  trade.lots = 5;
  shorter.add(state, trade);
  BOOST_TEST((shorter.result(state) == std::vector<std::uint16_t>{65535}));
}

BOOST_AUTO_TEST_SUITE_END()
