// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "thinning.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace millrace::page::detail;

BOOST_AUTO_TEST_SUITE(page_thinning)

namespace {

Series series(std::initializer_list<Point> points) {
  Series made;
  for (const auto& point : points) made.add(point);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(few_points_stay_as_they_are_and_share_their_times) {
  const auto a = series({{1, 10}, {3, 30}});
  const auto b = series({{2, 20}, {3, 31}});
  const auto rows = thin({a.points(), b.points()}, 1, 3, 10);
  BOOST_TEST(!rows.thinned);
  BOOST_TEST(rows.times == (std::vector<std::int64_t>{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(rows.columns[0][2] == 30);
  BOOST_TEST(std::isnan(rows.columns[0][1]));
  BOOST_TEST(rows.columns[1][2] == 31);
}

BOOST_AUTO_TEST_CASE(of_equal_times_the_last_point_counts) {
  const auto a = series({{1, 10}, {1, 11}, {1, 12}});
  const auto rows = thin({a.points()}, 1, 1, 10);
  BOOST_REQUIRE(rows.times.size() == 1);
  BOOST_TEST(rows.columns[0][0] == 12);
}

BOOST_AUTO_TEST_CASE(points_in_any_order_are_put_in_order) {
  const auto a = series({{5, 1}, {3, 2}, {4, 3}, {3, 4}});
  std::vector<double> values;
  for (const auto& point : a.points()) values.push_back(point.value);
  BOOST_TEST(values == (std::vector<double>{2, 4, 3, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_peak_disappears_and_times_increase) {
  Series wave;
  Series flat;
  for (int i = 0; i < 100'000; ++i) {
    wave.add({i, i == 77'777 ? 1e9 : i == 12'345 ? -1e9 : std::sin(i)});
    if (i % 1000 == 0) flat.add({i, 7});
  }
  const auto rows = thin({wave.points(), flat.points()}, 0, 99'999, 500);
  BOOST_TEST(rows.thinned);
  BOOST_TEST(rows.times.size() <= 500U);
  BOOST_TEST(rows.times.size() > 400U);
  for (std::size_t i = 1; i < rows.times.size(); ++i) BOOST_TEST_REQUIRE(rows.times[i - 1] < rows.times[i]);
  BOOST_TEST(std::ranges::count(rows.columns[0], 1e9) == 1);
  BOOST_TEST(std::ranges::count(rows.columns[0], -1e9) == 1);
  BOOST_TEST(std::ranges::count(rows.columns[1], 7) >= 50);
}

BOOST_AUTO_TEST_CASE(a_range_has_a_point_on_each_side) {
  const auto a = series({{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}});
  BOOST_TEST(a.between(3, 3).size() == 3U);
  BOOST_TEST(a.between(0, 9).size() == 5U);
  BOOST_TEST(a.between(7, 9).size() == 1U);
}

BOOST_AUTO_TEST_CASE(nothing_gives_nothing) {
  BOOST_TEST(thin({}, 0, 0, 10).times.empty());
  BOOST_TEST(thin({{}, {}}, 0, 0, 10).columns.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
