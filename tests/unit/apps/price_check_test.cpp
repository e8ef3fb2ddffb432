// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/prices/price_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

using namespace buy_signals;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days kToday{2020y / 6 / 15};

RawPrice good() {
  return {.symbol = "AAPL",
          .day = "2012-01-03",
          .open = "58.49",
          .high = "58.93",
          .low = "58.43",
          .close = "58.75",
          .volume = "75555200",
          .adjusted_close = "57.1"};
}

struct Case {
  std::optional<std::string_view> RawPrice::*field;
  std::optional<std::string_view> text;
  std::string reason;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.reason; }

const std::vector<Case> kDefects = {
    {&RawPrice::symbol, "", "symbol is empty"},
    {&RawPrice::symbol, std::nullopt, "symbol is NULL"},
    {&RawPrice::symbol, "A\xff", "symbol \"A?\" is not UTF-8"},
    {&RawPrice::symbol, "A\x01", "symbol \"A?\" has control characters"},
    {&RawPrice::symbol, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     "symbol \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"... is longer than 64 bytes"},
    {&RawPrice::day, " ", "date is empty"},
    {&RawPrice::day, "2012-02-30", "date \"2012-02-30\" is not a day written YYYY-MM-DD"},
    {&RawPrice::day, "03/01/2012", "date \"03/01/2012\" is not a day written YYYY-MM-DD"},
    {&RawPrice::day, "2012-1-03", "date \"2012-1-03\" is not a day written YYYY-MM-DD"},
    {&RawPrice::day, "0000-00-00", "date \"0000-00-00\" is not a day written YYYY-MM-DD"},
    {&RawPrice::day, "1969-12-31", "date 1969-12-31 lies before 1970"},
    {&RawPrice::day, "2020-06-16", "date 2020-06-16 lies in the future"},
    {&RawPrice::close, "", "close is empty"},
    {&RawPrice::close, std::nullopt, "close is NULL"},
    {&RawPrice::close, "-5", "close is -5, not above zero"},
    {&RawPrice::close, "0", "close is 0, not above zero"},
    {&RawPrice::close, "NaN", "close \"NaN\" is not a number"},
    {&RawPrice::close, "inf", "close \"inf\" is not a number"},
    {&RawPrice::close, "1e999", "close \"1e999\" is not a number"},
    {&RawPrice::close, "58,75", "close \"58,75\" is not a number"},
    {&RawPrice::open, "n/a", "open \"n/a\" is not a number"},
    {&RawPrice::high, "1.0", "high 1 is below low 58.43"},
    {&RawPrice::volume, "-1", "volume is -1, below zero"},
    {&RawPrice::volume, "1.5", "volume 1.5 is not a whole number"},
    {&RawPrice::volume, "1e300", "volume 1e+300 is not a whole number"},
    {&RawPrice::volume, "many", "volume \"many\" is not a number"},
    {&RawPrice::adjusted_close, "nan", "adjusted close \"nan\" is not a number"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(PriceCheck)

BOOST_AUTO_TEST_CASE(accepts_a_good_row) {
  const auto checked = check_price(good(), kToday);
  BOOST_REQUIRE(std::holds_alternative<PriceRow>(checked));
  const PriceRow expected{"AAPL", 2012y / 1 / 3, 58.49, 58.93, 58.43, 58.75, 75555200, 57.1, 0};
  BOOST_TEST((std::get<PriceRow>(checked) == expected));
  BOOST_TEST(observation_id(std::get<PriceRow>(checked)) == "AAPL@2012-01-03");
}

BOOST_AUTO_TEST_CASE(accepts_spaces_around_fields_and_a_volume_written_as_a_fraction) {
  auto raw = good();
  raw.close = " 58.75 ";
  raw.volume = "75555200.0";
  const auto checked = check_price(raw, kToday);
  BOOST_REQUIRE(std::holds_alternative<PriceRow>(checked));
  BOOST_TEST(std::get<PriceRow>(checked).volume == 75555200);
}

BOOST_AUTO_TEST_CASE(accepts_a_missing_adjusted_close_and_the_current_day) {
  auto raw = good();
  raw.adjusted_close = "";
  raw.day = "2020-06-15";
  const auto checked = check_price(raw, kToday);
  BOOST_REQUIRE(std::holds_alternative<PriceRow>(checked));
  BOOST_TEST(!std::get<PriceRow>(checked).adjusted_close);
}

BOOST_DATA_TEST_CASE(refuses_absurd_fields_with_a_reason, boost::unit_test::data::make(kDefects), defect) {
  auto raw = good();
  raw.*defect.field = defect.text;
  const auto checked = check_price(raw, kToday);
  BOOST_REQUIRE(std::holds_alternative<Defect>(checked));
  BOOST_TEST(std::get<Defect>(checked).reason == defect.reason);
}

BOOST_AUTO_TEST_SUITE_END()
