// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/prices/sorted_prices.hpp"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "temporary_file.hpp"

using namespace buy_signals;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days kToday{2020y / 6 / 15};

struct Result {
  std::vector<PriceRow> rows;
  std::vector<std::string> rejected;
  std::uint64_t expected = 0;
};

Result read(const std::string& path, std::size_t rows_in_memory) {
  Result result;
  SortedPrices sorted{path, [&](const RejectedRow& row) { result.rejected.push_back(row.place + ": " + row.reason); },
                      kToday, rows_in_memory};
  result.expected = sorted.expected_rows();
  for (PriceRow row; sorted.next(row);) result.rows.push_back(row);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(SortedPricesSource)

BOOST_DATA_TEST_CASE(orders_the_shipped_file_by_day_then_symbol, boost::unit_test::data::make({200'000, 1000, 7}),
                     rows_in_memory) {
  const auto result = read(STOCKS_CSV, static_cast<std::size_t>(rows_in_memory));
  BOOST_TEST(result.rows.size() == 12154);
  BOOST_TEST(result.expected == 12154);
  BOOST_TEST(std::ranges::is_sorted(result.rows, earlier));
  BOOST_TEST(observation_id(result.rows.front()) == "AAPL@2000-03-01");
  BOOST_TEST(observation_id(result.rows.back()) == "MSFT@2013-03-01");
}

BOOST_AUTO_TEST_CASE(sorting_in_temporary_files_changes_no_value) {
  BOOST_TEST((read(STOCKS_CSV, 1000).rows == read(STOCKS_CSV, 200'000).rows));
}

BOOST_DATA_TEST_CASE(keeps_the_first_line_of_a_day_given_twice, boost::unit_test::data::make({200'000, 2, 1}),
                     rows_in_memory) {
  const TemporaryFile file{
      "Ticker,Date,Open,High,Low,Close,Volume\n"
      "X,2012-01-04,1,1,1,1,1\n"
      "A,2012-01-04,1,1,1,2,1\n"
      "X,2012-01-03,1,1,1,3,1\n"
      "X,2012-01-04,1,1,1,4,1\n"
      "X,2012-01-04,1,1,1,5,1\n"};
  const auto result = read(file.path(), static_cast<std::size_t>(rows_in_memory));
  const std::vector<std::string> rejected = {"prices.csv:5: X@2012-01-04 was given on line 2 already",
                                             "prices.csv:6: X@2012-01-04 was given on line 2 already"};
  BOOST_TEST(result.rejected == rejected, boost::test_tools::per_element());
  BOOST_REQUIRE(result.rows.size() == 3);
  BOOST_TEST(result.rows[0].close == 3);
  BOOST_TEST(result.rows[1].close == 2);
  BOOST_TEST(result.rows[2].close == 1);
}

BOOST_AUTO_TEST_CASE(a_file_with_a_header_alone_has_no_rows) {
  const TemporaryFile file{"Ticker,Date,Open,High,Low,Close,Volume\n"};
  BOOST_TEST(read(file.path(), 10).rows.empty());
}

BOOST_AUTO_TEST_SUITE_END()
