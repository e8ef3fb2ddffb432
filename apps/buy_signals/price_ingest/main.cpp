// SPDX-License-Identifier: Apache-2.0
// price_ingest: stores prices from a CSV file in a MariaDB or MySQL table. price_replay reads the table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "buy_signals/database/price_table.hpp"
#include "buy_signals/prices/price_check.hpp"
#include "buy_signals/prices/rejected_rows.hpp"
#include "buy_signals/prices/sorted_prices.hpp"
#include "buy_signals/terminal/progress.hpp"
#include "millrace/app/command_line.hpp"

namespace {

using namespace buy_signals;

/// Large enough that the round trip to the server does not matter, small enough for the server's limit on statements.
constexpr std::size_t kRowsPerTransaction = 1000;

/// The parsed command line.
struct Arguments {
  std::string csv;
  std::string database;
  double connect_timeout_s = 60;
};

/// Stores all rows of the file. Returns the exit code.
int ingest(const Arguments& arguments) {
  const auto url = DatabaseUrl::parse(arguments.database);
  RejectedRows rejected;
  // Read the file before connecting, so that a wrong file shows at once. Sorting also removes duplicates.
  SortedPrices prices{arguments.csv, rejected.listener(), today()};
  Database database{url, std::chrono::milliseconds(static_cast<std::int64_t>(arguments.connect_timeout_s * 1000))};
  PriceTable table{database};

  Progress progress{"rows stored", prices.expected_rows()};
  PriceTable::Stored total;
  std::uint64_t rows = 0;
  std::vector<PriceRow> batch;
  // Stores the rows in `batch` in one transaction and empties it.
  const auto store = [&] {
    const auto stored = table.store(batch);
    total.added += stored.added;
    total.changed += stored.changed;
    total.unchanged += stored.unchanged;
    rows += batch.size();
    batch.clear();
    progress.update(rows);
  };
  for (PriceRow row; prices.next(row);) {
    batch.push_back(std::move(row));
    if (batch.size() == kRowsPerTransaction) store();
  }
  store();
  progress.finish();
  fmt::print("{} rows into table {} of {}: {} new, {} changed, {} unchanged; {} rejected\n", fmt::group_digits(rows),
             PriceTable::kName, url.str(), fmt::group_digits(total.added), fmt::group_digits(total.changed),
             fmt::group_digits(total.unchanged), fmt::group_digits(rejected.count()));
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Stores the prices of a CSV file in a database table. Doing it again changes nothing.", "price_ingest");
  const millrace::CommonOptions common(cli);
  Arguments arguments;
  cli.add_option("--csv", arguments.csv, "file with the columns of data/stocks.csv.gz, plain or gzip")
      ->required()
      ->type_name("FILE");
  cli.add_option("--database", arguments.database,
                 "mysql://user:password@host:port/database; a missing password is taken from MYSQL_PWD")
      ->required()
      ->type_name("URL");
  cli.add_option("--connect-timeout", arguments.connect_timeout_s, "how long to wait for an unreachable database")
      ->type_name("SECONDS")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  return millrace::run_command_line(cli, argc, argv, [&] { return ingest(arguments); });
}
