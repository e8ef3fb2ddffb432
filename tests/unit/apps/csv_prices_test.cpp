// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/prices/csv_prices.hpp"

#include <zlib.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "temporary_file.hpp"

using namespace buy_signals;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days kToday{2020y / 6 / 15};
const std::string kHeader = "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\n";

struct Result {
  std::vector<PriceRow> rows;
  std::vector<std::string> rejected;
};

Result read(const std::string& path) {
  Result result;
  CsvPrices csv{path, [&](const RejectedRow& row) { result.rejected.push_back(row.place + ": " + row.reason); },
                kToday};
  for (PriceRow row; csv.next(row);) result.rows.push_back(row);
  return result;
}

Result read_text(const std::string& text) { return read(TemporaryFile{text}.path()); }

std::string gzipped(const std::string& text) {
  z_stream stream{};
  BOOST_REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  BOOST_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

auto says(std::string text) {
  return [text](const SourceError& error) {
    BOOST_TEST_MESSAGE(error.what());
    return std::string{error.what()}.find(text) != std::string::npos;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(CsvPricesReader)

BOOST_AUTO_TEST_CASE(reads_the_shipped_file_whole) {
  const auto result = read(STOCKS_CSV);
  BOOST_TEST(result.rows.size() == 12154);
  BOOST_TEST(result.rejected.empty());
  BOOST_TEST(result.rows.front().symbol == "AAPL");
  BOOST_TEST(result.rows.front().adjusted_close.value() == 4.186662803811);
  BOOST_TEST(result.rows.back().line == 12155);
}

BOOST_AUTO_TEST_CASE(finds_columns_by_name_in_any_order_and_ignores_others) {
  const auto result = read_text(
      "\xef\xbb\xbf"
      "close,Note,VOLUME,low,high,open,date,ticker\r\n"
      "4,\"said \"\"buy\"\", twice\",70,1,9,3,2012-01-03,X\r\n");
  BOOST_TEST(result.rejected.empty());
  BOOST_REQUIRE(result.rows.size() == 1);
  const PriceRow expected{"X", 2012y / 1 / 3, 3, 9, 1, 4, 70, std::nullopt, 2};
  BOOST_TEST((result.rows[0] == expected));
}

BOOST_AUTO_TEST_CASE(reads_gzip_by_content_not_by_name) {
  const TemporaryFile file{gzipped(kHeader + "X,2012-01-03,3,9,1,4,70,5\n"), "prices.csv"};
  BOOST_TEST(read(file.path()).rows.size() == 1);
}

BOOST_AUTO_TEST_CASE(reports_bad_rows_with_their_line_and_goes_on) {
  const auto result = read_text(kHeader +
                                "X,2012-01-03,3,9,1,4,70,5\n"
                                "X,2012-01-04,3,9,1,,70,5\n"
                                "\n"
                                "X,2012-01-05,3,9,1\n"
                                "X,2012-01-06,3,9,1,\"4,70,5\n"
                                "X,2012-01-07,3,9,1,4\"4,70,5\n"
                                "X,2012-01-08,3,9,1,-4,70,5\n"
                                "X,2012-01-09,3,9,1,4,70,5");
  const std::vector<std::string> expected = {
      "prices.csv:3: close is empty",
      "prices.csv:5: 5 fields, but the header has 8",
      "prices.csv:6: a quoted field does not end on its line",
      "prices.csv:7: not proper CSV: error parsing data while strict checking enabled",
      "prices.csv:8: close is -4, not above zero",
  };
  BOOST_TEST(result.rejected == expected, boost::test_tools::per_element());
  BOOST_REQUIRE(result.rows.size() == 2);
  BOOST_TEST(result.rows[1].line == 9);
}

BOOST_AUTO_TEST_CASE(reports_overlong_lines_and_bytes_that_are_not_text) {
  const auto result = read_text(kHeader + std::string(200'000, 'x') + "\n" + std::string("\0\xff,\0", 4) + "\n" +
                                "X,2012-01-09,3,9,1,4,70,5\n");
  BOOST_TEST(result.rejected.size() == 2);
  BOOST_TEST(result.rejected[0] == "prices.csv:2: the line is longer than 65536 bytes");
  BOOST_TEST(result.rows.size() == 1);
}

BOOST_AUTO_TEST_CASE(names_missing_columns) {
  BOOST_CHECK_EXCEPTION(read_text("Ticker,Date,Open,High,Low,Volume\n"), SourceError,
                        says("prices.csv:1: no column Close;"));
  BOOST_CHECK_EXCEPTION(read_text(""), SourceError, says("is empty"));
  BOOST_CHECK_EXCEPTION(read_text("Date,date,Ticker,Open,High,Low,Close,Volume\n"), SourceError,
                        says("Date is there twice"));
  BOOST_CHECK_EXCEPTION(read("/nonexistent/prices.csv"), SourceError,
                        says("cannot open /nonexistent/prices.csv: No such file"));
}

BOOST_AUTO_TEST_CASE(refuses_a_gzip_file_that_was_cut_short) {
  std::string text = kHeader;
  for (int day = 10; day < 28; ++day) text += "X,2012-01-" + std::to_string(day) + ",3,9,1,4,70,5\n";
  const auto whole = gzipped(text);
  const TemporaryFile file{whole.substr(0, whole.size() - 20)};
  BOOST_CHECK_EXCEPTION(read(file.path()), SourceError, says("is damaged after line"));
}

BOOST_AUTO_TEST_SUITE_END()
