// SPDX-License-Identifier: Apache-2.0
// buy_pipeline: runs the whole pipeline in one process, from the price file to the buys.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "buy_signals/applications.hpp"
#include "buy_signals/buy_pipeline/pipeline.hpp"
#include "buy_signals/buy_pipeline/working_directory.hpp"
#include "buy_signals/live_page.hpp"
#include "buy_signals/prices/price_check.hpp"
#include "buy_signals/prices/rejected_rows.hpp"
#include "buy_signals/prices/shipped_prices.hpp"
#include "buy_signals/prices/sorted_prices.hpp"
#include "buy_signals/replay/speed_option.hpp"
#include "buy_signals/rule_options.hpp"
#include "buy_signals/terminal/progress.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/common/logging.hpp"

namespace {

using namespace buy_signals;

/// The parsed command line.
struct Arguments {
  std::string csv = shipped_prices();
  bool keep = false;  ///< keep the temporary directory
  PipelineOptions pipeline;
};

/// Prints a table of the counts and the speed.
void print_summary(const PipelineSummary& summary, std::uint64_t rejected) {
  const auto line = [](const char* what, std::uint64_t number) {
    fmt::print("{:<12}{:>9}\n", what, fmt::group_digits(number));
  };
  fmt::print("\n");
  line("rows", summary.rows);
  if (summary.rows_before > 0) line("rows before", summary.rows_before);
  if (rejected > 0) line("rejected", rejected);
  line("alerts", summary.alerts);
  line("variations", summary.variations);
  line("buys", summary.buys);
  fmt::print("{:<12}{:>9.2f}\n", "seconds", summary.seconds);
  line("records/s", static_cast<std::uint64_t>(static_cast<double>(summary.rows) / summary.seconds));
}

/// `--describe`: prints both topologies, one after the other.
void describe(const PipelineOptions& options, const std::string& format) {
  for (const auto& [name, topology] : {std::pair{kPriceSignals, price_signals(options.alert_rule)},
                                       std::pair{kBuyStream, buy_stream(options.buy_rule)}}) {
    if (format == "text") fmt::print("{}\n{}\n", name, topology.describe());
    if (format == "mermaid") fmt::print("%% {}\n{}\n", name, topology.describe_mermaid());
    if (format == "graphviz") fmt::print("// {}\n{}\n", name, topology.describe_graphviz());
  }
}

/// Runs the pipeline. Returns the exit code.
int run(Arguments arguments, const millrace::CommonOptions& common, LivePage& page) {
  millrace::StopSignals signals;
  RejectedRows rejected;
  // Reads and sorts the whole file before the broker is opened.
  SortedPrices prices{arguments.csv, rejected.listener(), today()};

  auto config = common.config();
  std::optional<WorkingDirectory> directory;
  // Without a broker on the command line, a temporary embedded broker is used.
  if (config.get_string("bootstrap.servers").empty()) {
    directory.emplace(arguments.keep);
    config.set("bootstrap.servers", "embedded:" + (directory->path() / "broker").string());
    if (!config.is_set("state.dir")) config.set("state.dir", (directory->path() / "state").string());
  }
  arguments.pipeline.config = config;
  const auto broker = millrace::open_broker(config, &signals);
  page.open(*broker);

  Progress progress{"rows replayed", prices.expected_rows()};
  PipelineView view;
  view.on_progress = [&](std::uint64_t rows) { progress.update(rows); };
  view.on_buy = [&](const std::string& text) { progress.print(text); };
  const auto summary = run_pipeline(broker, prices, arguments.pipeline, view, signals);
  progress.finish();

  print_summary(summary, rejected.count());
  // Otherwise the user would wonder why nothing is shown.
  if (summary.complete && summary.rows == 0 && summary.buys == 0 && summary.rows_before > 0) {
    fmt::print(
        "\nEarlier runs on {} have replayed all rows. buy_monitor shows their buys. To start again, use another broker "
        "directory or delete the topics.\n",
        broker->address());
  }
  if (!summary.complete) fmt::print("\nStopped before the end.\n");
  if (arguments.keep && directory) fmt::print("\nTopics are kept: topics list --broker {}\n", broker->address());
  std::fflush(stdout);
  page.serve_until_stopped(signals);
  page.close();  // before the directory of its broker goes
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(
      "Runs the whole buy pipeline in one process: replays prices, computes alerts and variations, joins them, and "
      "shows each buy. Without --broker or --bootstrap-servers, each run uses a new temporary directory. On a broker "
      "where the pipeline ran before, it continues where it stopped.",
      "buy_pipeline");
  const millrace::CommonOptions common(cli, application_defaults("buy_pipeline"));  // each topology gets its own id
  // Warnings only, unless --log-level says otherwise, so that the buys stand out.
  millrace::set_log_level(millrace::LogLevel::warn);
  Arguments arguments;
  cli.add_option("--csv", arguments.csv, "file with the columns of data/stocks.csv.gz, plain or gzip")
      ->type_name("FILE")
      ->capture_default_str();
  millrace::Options options{cli};
  LivePage page;
  page.add_options(options);
  add_rule_options(options, arguments.pipeline.alert_rule);
  add_rule_options(options, arguments.pipeline.buy_rule);
  add_speed_option(cli, arguments.pipeline.speed);
  cli.add_flag("--keep", arguments.keep, "keeps the temporary directory and says where it is");
  std::string description;
  cli.add_flag("--describe{text}", description,
               "prints the topologies and exits; --describe=mermaid, =graphviz: draws them")
      ->check(CLI::IsMember({"text", "mermaid", "graphviz"}).description(""));
  return millrace::run_command_line(cli, argc, argv, [&] {
    if (description.empty()) return run(arguments, common, page);
    describe(arguments.pipeline, description);
    return static_cast<int>(millrace::kExitOk);
  });
}
