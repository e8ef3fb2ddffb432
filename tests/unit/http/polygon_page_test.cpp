// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "buy_signals/polygon/polygon_prices.hpp"

using namespace buy_signals;

namespace {

/// A page, and what was rejected of it.
struct Read {
  PolygonPage page;
  std::vector<std::string> reasons;
};

Read read(const std::string& json) {
  Read out;
  const auto today = std::chrono::sys_days{std::chrono::year(2024) / 6 / 1};
  out.page = parse_polygon_page(
      json, "AAPL", "here", [&](const RejectedRow& row) { out.reasons.push_back(row.reason); }, today);
  return out;
}

std::string page_with(const std::string& results) { return R"({"status":"OK","results":[)" + results + "]}"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(polygon_page)

BOOST_AUTO_TEST_CASE(a_result_becomes_a_row) {
  // 05:00 UTC is midnight in New York.
  const auto [page, reasons] =
      read(page_with(R"({"v":70790813.0,"vw":131.6,"o":130.465,"c":130.15,"h":133.41,"l":129.89,"t":1673240400000})"));
  BOOST_REQUIRE_EQUAL(page.rows.size(), 1U);
  BOOST_TEST(observation_id(page.rows[0]) == "AAPL@2023-01-09");
  BOOST_TEST(page.rows[0].open == 130.465);
  BOOST_TEST(page.rows[0].volume == 70790813);
  BOOST_TEST(!page.rows[0].adjusted_close);
  BOOST_TEST(reasons.empty());
}

BOOST_AUTO_TEST_CASE(unusable_results_are_rejected) {
  const std::string good = R"("o":1,"c":1,"h":1,"l":1,"t":1673240400000)";
  for (const std::string& bad : std::vector<std::string>{
           R"({)" + good + R"(,"v":"12"})", R"({)" + good + R"(,"v":-1})", R"({)" + good + R"(,"v":null})",
           R"({)" + good + R"(,"v":1.5})", R"({)" + good + "}", R"({"v":1,"o":1,"c":1,"h":1,"l":1})",
           R"({"v":1,"o":1,"c":1,"h":1,"l":1,"t":"2023-01-09"})", R"({"v":1,"o":1,"c":1,"h":1,"l":1,"t":-1})",
           R"({"v":1,"o":1,"c":1,"h":1,"l":1,"t":9223372036854775807})", R"({"v":1,"o":1,"c":1,"h":1,"l":1,"t":1e300})",
           R"({"v":1,"o":1,"c":1,"h":1,"l":2,"t":1673240400000})",
           R"({"v":1,"o":{},"c":1,"h":1,"l":1,"t":1673240400000})", "7", "null", "[]"}) {
    BOOST_TEST_INFO(bad);
    const auto [page, reasons] = read(page_with(bad));
    BOOST_TEST(page.rows.empty());
    BOOST_TEST(page.results == 1U);
    BOOST_TEST(reasons.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_response_is_an_error) {
  for (const std::string& bad :
       std::vector<std::string>{"", "{", "[]", "7", R"({"status":"ERROR","error":"no"})", R"({"results":[]})",
                                R"({"status":"OK","results":{}})", "\xff", std::string(100'000, '[')}) {
    BOOST_CHECK_THROW((void)read(bad), SourceError);
  }
  BOOST_TEST(read(R"({"status":"DELAYED"})").page.rows.empty());
}

BOOST_AUTO_TEST_SUITE_END()
