// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/database/price_table.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <vector>

#include "buy_signals/prices/sorted_prices.hpp"

using namespace buy_signals;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days kToday{2020y / 6 / 15};
constexpr std::chrono::seconds kPatience{20};

/// A database that only this process uses, on the server that MILLRACE_TEST_MARIADB names.
class TestDatabase {
 public:
  TestDatabase() : server_(server_url(), kPatience) {
    server_.execute("DROP DATABASE IF EXISTS " + name_);
    server_.execute("CREATE DATABASE " + name_);
  }
  ~TestDatabase() { server_.execute("DROP DATABASE " + name_); }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  [[nodiscard]] DatabaseUrl url() const {
    auto url = server_.url();
    url.database = name_;
    return url;
  }
  Database& server() { return server_; }

 private:
  static DatabaseUrl server_url() {
    const char* url = std::getenv("MILLRACE_TEST_MARIADB");
    if (url == nullptr) {
      throw std::runtime_error(
          "MILLRACE_TEST_MARIADB is not set: start a server with scripts/servers.sh start mariadb and set it to "
          "the address that it prints, or run scripts/test.sh");
    }
    return DatabaseUrl::parse(url);
  }

  std::string name_ = "millrace_test_" + std::to_string(getpid());
  Database server_;
};

struct Fixture {
  TestDatabase database;
  Database connection{database.url(), kPatience};
  std::vector<std::string> rejected;

  std::vector<PriceRow> stored(std::size_t rows_per_page = StoredPrices::kRowsPerPage) {
    rejected.clear();
    StoredPrices prices{connection, [&](const RejectedRow& row) { rejected.push_back(row.place + ": " + row.reason); },
                        kToday, rows_per_page};
    std::vector<PriceRow> rows;
    for (PriceRow row; prices.next(row);) rows.push_back(row);
    return rows;
  }
};

std::vector<PriceRow> shipped() {
  SortedPrices prices{STOCKS_CSV, {}, kToday};
  std::vector<PriceRow> rows;
  for (PriceRow row; prices.next(row);) {
    row.line = 0;  // a table has no lines
    rows.push_back(row);
  }
  return rows;
}

PriceRow row(std::string symbol, std::chrono::sys_days day, double close) {
  return {std::move(symbol), day, 1.5, 99, 0.25, close, 10, std::nullopt, 0};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(PriceTableOnMariaDb, Fixture)

BOOST_AUTO_TEST_CASE(returns_the_shipped_rows_bit_for_bit_in_time_order) {
  const auto rows = shipped();
  PriceTable table{connection};
  const auto stored_now = table.store(rows);
  BOOST_TEST(stored_now.added == rows.size());
  BOOST_TEST((stored() == rows));
  BOOST_TEST(rejected.empty());
}

BOOST_AUTO_TEST_CASE(reports_added_changed_and_unchanged_rows_when_storing_again) {
  PriceTable table{connection};
  table.store(std::vector{row("A", 2012y / 1 / 3, 1), row("B", 2012y / 1 / 3, 2)});
  const auto again =
      table.store(std::vector{row("A", 2012y / 1 / 3, 1), row("B", 2012y / 1 / 3, 2.5), row("C", 2012y / 1 / 3, 3)});
  BOOST_TEST(again.added == 1);
  BOOST_TEST(again.changed == 1);
  BOOST_TEST(again.unchanged == 1);
  BOOST_TEST(table.count() == 3);
  BOOST_TEST(stored()[1].close == 2.5);
}

BOOST_AUTO_TEST_CASE(pages_of_any_size_give_the_same_rows) {
  PriceTable table{connection};
  std::vector<PriceRow> rows;
  for (int day = 1; day <= 9; ++day) {
    for (const auto* symbol : {"A", "It's", "a", "Ä"}) {
      rows.push_back(row(symbol, std::chrono::sys_days{2012y / 1 / 1} + std::chrono::days{day}, day));
    }
  }
  table.store(rows);
  for (const std::size_t size : {1, 3, 4, 36, 1000}) BOOST_TEST((stored(size) == rows));
}

BOOST_AUTO_TEST_CASE(reports_bad_rows_with_their_primary_key_and_skips_them) {
  PriceTable table{connection};
  table.store(std::vector{row("A", 2012y / 1 / 3, 1), row("Z", 2012y / 1 / 5, 2)});
  connection.execute(
      "INSERT INTO prices (symbol, day, open, high, low, close, volume) VALUES "
      "('M', '2012-01-03', 1, 1, 1, NULL, 1), ('M', '2012-01-04', 1, 1, 1, -2, 1), ('', '2012-01-05', 1, 1, 1, 1, 1)");
  const std::vector<std::string> expected = {
      "prices row (day 2012-01-03, symbol M): close is NULL",
      "prices row (day 2012-01-04, symbol M): close is -2, not above zero",
      "prices row (day 2012-01-05, symbol ): symbol is empty",
  };
  const auto rows = stored(2);
  BOOST_TEST(rejected == expected, boost::test_tools::per_element());
  BOOST_REQUIRE(rows.size() == 2);
  BOOST_TEST(rows[1].symbol == "Z");
}

BOOST_AUTO_TEST_CASE(goes_on_after_the_server_has_dropped_the_connection) {
  PriceTable table{connection};
  std::vector<PriceRow> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(row("S" + std::to_string(i), 2012y / 1 / 3, i + 1));
  table.store(rows);
  StoredPrices prices{connection, {}, kToday, 2};
  PriceRow first;
  BOOST_REQUIRE(prices.next(first));
  std::string id;
  connection.query("SELECT CONNECTION_ID()", [&](const Database::Row& fields) { id = fields.at(0).value(); });
  database.server().execute("KILL " + id);
  std::size_t count = 1;
  for (PriceRow next; prices.next(next);) ++count;
  BOOST_TEST(count == rows.size());
}

BOOST_AUTO_TEST_CASE(does_not_retry_after_a_refusal) {
  auto url = database.url();
  url.password = "wrong";
  BOOST_CHECK_EXCEPTION(Database(url, std::chrono::hours(1)), DatabaseError, [&](const DatabaseError& error) {
    const std::string text = error.what();
    return text.find("Access denied") != std::string::npos && text.find(url.str()) != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(retries_an_unreachable_server_until_the_time_limit) {
  auto url = database.url();
  url.port = 1;
  int pauses = 0;
  const Pause count_pauses = [&](std::chrono::milliseconds duration) {
    ++pauses;
    return sleep_through(duration);
  };
  BOOST_CHECK_EXCEPTION(Database(url, std::chrono::milliseconds(350), count_pauses), DatabaseError,
                        [](const DatabaseError& error) {
                          return std::string{error.what()}.find("gave up after 0.35 s") != std::string::npos;
                        });
  BOOST_TEST(pauses >= 2);
}

BOOST_AUTO_TEST_SUITE_END()
