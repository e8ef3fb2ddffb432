// SPDX-License-Identifier: Apache-2.0
// Rates, averages and maxima over samples, which must be computed as Kafka does.
#define BOOST_TEST_DYN_LINK
#include "metrics/samples.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "unit/metrics/hand_turned_clock.hpp"

namespace millrace::detail {
namespace {

/// A total that is sampled once a second, as in a running application.
struct Fixture {
  HandTurnedClock clock;
  Counter counter;
  Observations observations;
  SampledTotal total{{2, 30'000}, [this] { return static_cast<double>(counter.value()); }, clock.now()};
  SampledMax max{{2, 30'000}, observations, clock.now()};

  void pass(int seconds, std::uint64_t per_second = 0) {
    for (int i = 0; i < seconds; ++i) {
      counter.add(per_second);
      clock.advance(1s);
      total.look(clock.now());
      max.look(clock.now());
    }
  }
  [[nodiscard]] double rate() const { return total.per_second(clock.now()); }
};

BOOST_FIXTURE_TEST_SUITE(Samples, Fixture)

BOOST_AUTO_TEST_CASE(give_an_exact_steady_rate_once_they_are_full) {
  pass(60, 100);
  BOOST_TEST(rate() == 100.0);
  pass(1'000, 100);
  BOOST_TEST(rate() == 100.0);
}

BOOST_AUTO_TEST_CASE(count_missing_samples_as_complete_as_kafka_does) {
  pass(1, 310);
  BOOST_TEST(rate() == 10.0);  // 310 in 30 s and 1 s
}

BOOST_AUTO_TEST_CASE(ignore_counts_from_before_the_first_look) {
  counter.add(1'000);
  SampledTotal later(
      {2, 30'000}, [this] { return static_cast<double>(counter.value()); }, clock.now());
  BOOST_TEST(later.growth() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_rate_falls_to_zero_when_nothing_comes_any_more) {
  pass(60, 100);
  pass(30);
  BOOST_TEST(rate() > 0.0);
  BOOST_TEST(rate() < 100.0);
  pass(60);
  BOOST_TEST(rate() == 0.0);
}

BOOST_AUTO_TEST_CASE(give_the_right_rate_after_a_long_time_without_a_look) {
  counter.add(6'000);
  clock.advance(10min);
  BOOST_TEST(rate() == 10.0);
}

BOOST_AUTO_TEST_CASE(do_not_divide_by_zero_in_the_first_millisecond) {
  SampledTotal one(
      {1, 30'000}, [this] { return static_cast<double>(counter.value()); }, clock.now());
  counter.add(3);
  BOOST_TEST(one.per_second(clock.now()) == 3'000.0);
}

BOOST_AUTO_TEST_CASE(the_largest_is_forgotten_after_all_samples) {
  BOOST_TEST(std::isnan(max.largest()));
  observations.record(7);
  observations.record(3);
  BOOST_TEST(max.largest() == 7.0);
  pass(59);
  observations.record(5);
  BOOST_TEST(max.largest() == 7.0);
  pass(31);
  BOOST_TEST(max.largest() == 5.0);
  pass(60);
  BOOST_TEST(std::isnan(max.largest()));
}

BOOST_AUTO_TEST_CASE(find_the_maximum_of_negative_numbers) {
  observations.record(-5);
  observations.record(-9);
  BOOST_TEST(max.largest() == -5.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
