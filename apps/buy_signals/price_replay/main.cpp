// SPDX-License-Identifier: Apache-2.0
// price_replay: sends prices from a CSV file or a database to the topic `pricelist`, row by row in time order.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "buy_signals/database/price_table.hpp"
#include "buy_signals/live_page.hpp"
#include "buy_signals/prices/price_check.hpp"
#include "buy_signals/prices/rejected_rows.hpp"
#include "buy_signals/prices/sorted_prices.hpp"
#include "buy_signals/replay/replay_thread.hpp"
#include "buy_signals/replay/speed_option.hpp"
#include "buy_signals/terminal/progress.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"

namespace {

using namespace buy_signals;

constexpr std::chrono::milliseconds kProgressInterval{20};

/// The parsed command line.
struct Arguments {
  std::string csv;
  std::string database;
  double connect_timeout_s = 60;
  std::optional<double> speed;
};

/// Replays the prices. Returns the exit code.
int replay(const Arguments& arguments, const millrace::CommonOptions& common, LivePage& page) {
  const auto started = std::chrono::steady_clock::now();
  millrace::StopSignals signals;
  // A stop signal ends the wait for the database.
  const Pause pause = [&](std::chrono::milliseconds duration) { return signals.wait_for(duration); };
  const auto config = common.config();

  RejectedRows rejected;
  std::optional<Database> database;
  std::unique_ptr<OrderedPrices> prices;
  // Exactly one of --csv and --database is given; CLI11 checks it.
  if (!arguments.database.empty()) {
    const std::chrono::milliseconds patience(static_cast<std::int64_t>(arguments.connect_timeout_s * 1000));
    database.emplace(DatabaseUrl::parse(arguments.database), patience, pause);
    prices = std::make_unique<StoredPrices>(*database, rejected.listener(), today());
  } else {
    prices = std::make_unique<SortedPrices>(arguments.csv, rejected.listener(), today());
  }

  const auto broker = common.open_broker(&signals);
  page.open(*broker);
  Progress progress{"rows replayed", prices->expected_rows()};
  ReplayThread replay{broker, *prices, {.speed = arguments.speed, .config = config}};
  // The main thread waits for signals, and in between shows the progress.
  while (!replay.finished() && !signals.wait_for(kProgressInterval)) progress.update(replay.rows_done());
  replay.stop();
  (void)replay.finished();  // throws the error that ended the replay, if any
  const auto& summary = replay.summary();
  progress.update(replay.rows_done());
  progress.finish();

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  fmt::print("{} rows replayed in {:.1f} s", fmt::group_digits(summary.rows), took.count());
  if (summary.rows_before > 0) fmt::print(", {} by earlier runs", fmt::group_digits(summary.rows_before));
  if (rejected.count() > 0) fmt::print(", {} rejected", fmt::group_digits(rejected.count()));
  fmt::print("{}\n", summary.complete ? "" : "; stopped before the end, the next run goes on from here");
  std::fflush(stdout);
  page.serve_until_stopped(signals);
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(
      "Replays prices in time order into the topic pricelist, as if they arrived live. Goes on where an earlier run "
      "stopped, however that ended, and repeats nothing.",
      "price_replay");
  const millrace::CommonOptions common(cli);
  millrace::Options options(cli);
  LivePage page;
  page.add_options(options);
  Arguments arguments;
  auto* const source = cli.add_option_group("Source", "where the prices are");
  source->add_option("--csv", arguments.csv, "file with the columns of data/stocks.csv.gz, plain or gzip")
      ->type_name("FILE");
  source
      ->add_option("--database", arguments.database,
                   "mysql://user:password@host:port/database, filled by price_ingest; a missing password is taken from "
                   "MYSQL_PWD")
      ->type_name("URL");
  source->require_option(1);
  cli.add_option("--connect-timeout", arguments.connect_timeout_s, "how long to wait for an unreachable database")
      ->type_name("SECONDS")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_speed_option(cli, arguments.speed);
  return millrace::run_command_line(cli, argc, argv, [&] { return replay(arguments, common, page); });
}
