// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/common/detail/saturating.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

constexpr std::int64_t kMax = INT64_MAX;
constexpr std::int64_t kMin = INT64_MIN;
constexpr std::int64_t kQuarter = std::int64_t{1} << 62;

BOOST_AUTO_TEST_SUITE(SaturatingArithmetic)

BOOST_AUTO_TEST_CASE(is_exact_where_the_result_fits) {
  BOOST_TEST(saturating_add(2, 3) == 5);
  BOOST_TEST(saturating_add(-2, 3) == 1);
  BOOST_TEST(saturating_add(kMax, kMin) == -1);
  BOOST_TEST(saturating_add(kMax - 1, 1) == kMax);
  BOOST_TEST(saturating_sub(2, 3) == -1);
  BOOST_TEST(saturating_sub(-1, kMax) == kMin);
  BOOST_TEST(saturating_sub(kMax, kMax) == 0);
  BOOST_TEST(saturating_sub(kMin, kMin) == 0);
}

BOOST_AUTO_TEST_CASE(ends_at_the_largest_number) {
  BOOST_TEST(saturating_add(kMax, 1) == kMax);
  BOOST_TEST(saturating_add(kQuarter, kQuarter) == kMax);
  BOOST_TEST(saturating_add(kMax, kMax) == kMax);
  BOOST_TEST(saturating_sub(kMax, -1) == kMax);
  BOOST_TEST(saturating_sub(0, kMin) == kMax);
}

BOOST_AUTO_TEST_CASE(ends_at_the_smallest_number) {
  BOOST_TEST(saturating_add(kMin, -1) == kMin);
  BOOST_TEST(saturating_add(kMin, kMin) == kMin);
  BOOST_TEST(saturating_sub(kMin, 1) == kMin);
  BOOST_TEST(saturating_sub(-2, kMax) == kMin);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
