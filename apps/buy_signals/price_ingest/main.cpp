// SPDX-License-Identifier: Apache-2.0
// price_ingest: stores prices from a CSV file or from polygon.io in a MariaDB or MySQL table. price_replay reads the
// table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "buy_signals/database/price_table.hpp"
#ifdef BUY_SIGNALS_POLYGON
#include "buy_signals/polygon/ingest.hpp"
#endif
#include "buy_signals/prices/price_check.hpp"
#include "buy_signals/prices/rejected_rows.hpp"
#include "buy_signals/prices/sorted_prices.hpp"
#include "buy_signals/terminal/progress.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/common/errors.hpp"

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

std::chrono::milliseconds connect_timeout(const Arguments& arguments) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(arguments.connect_timeout_s * 1000));
}

/// Stores all rows of the file. Returns the exit code.
int ingest(const Arguments& arguments) {
  const auto url = DatabaseUrl::parse(arguments.database);
  RejectedRows rejected;
  // Read the file before connecting, so that a wrong file shows at once. Sorting also removes duplicates.
  SortedPrices prices{arguments.csv, rejected.listener(), today()};
  Database database{url, connect_timeout(arguments)};
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

#ifdef BUY_SIGNALS_POLYGON
int ingest_from_polygon(const Arguments& arguments, const PolygonArguments& polygon) {
  check_polygon(polygon);
  Database database{DatabaseUrl::parse(arguments.database), connect_timeout(arguments)};
  return ingest_polygon(polygon, database);
}
#endif

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Stores the prices of a CSV file or of polygon.io in a database table. Doing it again changes nothing.",
               "price_ingest");
  const millrace::CommonOptions common(cli);
  Arguments arguments;
  auto* const csv = cli.add_option("--csv", arguments.csv, "file with the columns of data/stocks.csv.gz, plain or gzip")
                        ->type_name("FILE");
  cli.add_option("--database", arguments.database,
                 "mysql://user:password@host:port/database; a missing password is taken from MYSQL_PWD")
      ->required()
      ->type_name("URL");
  cli.add_option("--connect-timeout", arguments.connect_timeout_s, "how long to wait for an unreachable database")
      ->type_name("SECONDS")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
#ifdef BUY_SIGNALS_POLYGON
  PolygonArguments polygon;
  add_polygon_options(cli, polygon);
#endif
  return millrace::run_command_line(cli, argc, argv, [&] {
#ifdef BUY_SIGNALS_POLYGON
    if (!polygon.url.empty()) {
      if (!arguments.csv.empty()) throw millrace::ConfigException("give --csv or --polygon, not both");
      return ingest_from_polygon(arguments, polygon);
    }
#endif
    if (csv->count() == 0) throw millrace::ConfigException("give --csv FILE or --polygon");
    return ingest(arguments);
  });
}
