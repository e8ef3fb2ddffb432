// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/polygon/ingest.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <span>

#include "buy_signals/database/price_table.hpp"
#include "buy_signals/polygon/polygon_prices.hpp"
#include "buy_signals/prices/price_check.hpp"
#include "buy_signals/prices/rejected_rows.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/common/errors.hpp"

namespace buy_signals {
namespace {

using millrace::ConfigException;
using millrace::connect::Secret;
using std::chrono::sys_days;

/// As price_ingest stores a CSV file.
constexpr std::size_t kRowsPerTransaction = 1000;
constexpr const char* kDefaultUrl = "https://api.polygon.io";

sys_days day_option(const std::string& name, const std::string& text) {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto number = [&](std::size_t at, std::size_t size, unsigned& value) {
    const auto* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + size, value);
    return error == std::errc() && end == begin + size;
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && number(0, 4, year) && number(5, 2, month) &&
      number(8, 2, day)) {
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (date.ok()) return sys_days(date);
  }
  throw ConfigException(fmt::format("{} '{}' is not a day of the form YYYY-MM-DD", name, text));
}

struct Range {
  sys_days from;
  sys_days to;
};

Range range_of(const PolygonArguments& arguments) {
  const Range range{day_option("--from", arguments.from),
                    arguments.to.empty() ? today() - std::chrono::days(1) : day_option("--to", arguments.to)};
  if (range.from > range.to) {
    throw ConfigException(fmt::format("--from {} is after --to {}", iso_date(range.from), iso_date(range.to)));
  }
  return range;
}

Secret api_key_of(const PolygonArguments& arguments) {
  if (!arguments.api_key_file.empty()) return Secret::from_file(arguments.api_key_file, "the API key of polygon.io");
  auto key = Secret::from_environment("POLYGON_API_KEY");
  if (!key) throw ConfigException("there is no API key: give --api-key-file, or POLYGON_API_KEY in the environment");
  return *key;
}

/// The last stored day of the symbol within the range. Days before it are taken to be complete.
std::optional<sys_days> last_day(Database& database, const std::string& symbol, const Range& range) {
  std::optional<sys_days> last;
  database.query(fmt::format("SELECT MAX(day) FROM {} WHERE symbol = {} AND day BETWEEN '{}' AND '{}'",
                             PriceTable::kName, database.quoted(symbol), iso_date(range.from), iso_date(range.to)),
                 [&](const Database::Row& row) {
                   if (row.at(0)) last = day_option("the last day in the table", std::string(*row[0]));
                 });
  return last;
}

}  // namespace

void add_polygon_options(CLI::App& cli, PolygonArguments& arguments) {
  auto* const group = cli.add_option_group("Prices of polygon.io");
  auto* const polygon =
      group
          ->add_option("--polygon", arguments.url,
                       fmt::format("reads from the REST service at this address; without an address: {}", kDefaultUrl))
          ->type_name("URL")
          ->expected(0, 1)
          ->default_str(kDefaultUrl);
  const auto needs = [&](CLI::Option* option) { return option->needs(polygon); };
  needs(group->add_option("--symbols", arguments.symbols, "the shares, separated by commas"))->delimiter(',');
  needs(group->add_option("--from", arguments.from, "the first day"))->type_name("YYYY-MM-DD");
  needs(group->add_option("--to", arguments.to, "the last day; without it, yesterday"))->type_name("YYYY-MM-DD");
  needs(group->add_option("--api-key-file", arguments.api_key_file,
                          "the file whose first line is the API key; without it, POLYGON_API_KEY in the environment"))
      ->type_name("FILE");
  needs(
      group->add_option("--tls-ca", arguments.tls_ca, "trust the authorities in this PEM file instead of the system's"))
      ->type_name("FILE");
  needs(group->add_flag("--allow-plain", arguments.allow_plain, "permits http:// to other machines"));
}

void check_polygon(const PolygonArguments& arguments) {
  if (arguments.symbols.empty()) throw ConfigException("--polygon needs --symbols");
  if (arguments.from.empty()) throw ConfigException("--polygon needs --from");
  (void)range_of(arguments);
  (void)api_key_of(arguments);
  millrace::connect::HttpClient({.tls_ca = arguments.tls_ca, .allow_plain = arguments.allow_plain})
      .check_address(arguments.url);
}

int ingest_polygon(const PolygonArguments& arguments, Database& database) {
  const auto range = range_of(arguments);
  RejectedRows rejected;
  PriceTable table{database};
  PolygonPrices prices({.url = arguments.url, .api_key = api_key_of(arguments), .from = range.from, .to = range.to},
                       {.tls_ca = arguments.tls_ca, .allow_plain = arguments.allow_plain}, rejected.listener(),
                       today());
  PriceTable::Stored total;
  std::uint64_t rows = 0;
  for (const auto& symbol : arguments.symbols) {
    const auto last = last_day(database, symbol, range);
    const auto from = last ? *last + std::chrono::days(1) : range.from;
    if (from > range.to) {
      fmt::print("{}: stored up to {} already\n", symbol, iso_date(*last));
      continue;
    }
    std::uint64_t of_symbol = 0;
    prices.read(symbol, from, [&](const PolygonPage& page) {
      for (std::span<const PriceRow> rest = page.rows; !rest.empty();) {
        const auto part = rest.first(std::min(rest.size(), kRowsPerTransaction));
        const auto stored = table.store(part);
        total.added += stored.added;
        total.changed += stored.changed;
        total.unchanged += stored.unchanged;
        of_symbol += part.size();
        rest = rest.subspan(part.size());
      }
    });
    rows += of_symbol;
    fmt::print("{}: {} rows from {} to {}\n", symbol, fmt::group_digits(of_symbol), iso_date(from), iso_date(range.to));
    std::fflush(stdout);
  }
  fmt::print("{} rows into table {} of {}: {} new, {} changed, {} unchanged; {} rejected\n", fmt::group_digits(rows),
             PriceTable::kName, database.url().str(), fmt::group_digits(total.added), fmt::group_digits(total.changed),
             fmt::group_digits(total.unchanged), fmt::group_digits(rejected.count()));
  return millrace::kExitOk;
}

}  // namespace buy_signals
