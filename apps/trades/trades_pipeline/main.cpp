// SPDX-License-Identifier: Apache-2.0
// trades_pipeline: runs the whole pipeline in one process, from a recorded feed to candles and large trades.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "buy_signals/buy_pipeline/shipped_file.hpp"
#include "buy_signals/buy_pipeline/working_directory.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/common/logging.hpp"
#include "trades/trades_analysis/rule.hpp"
#include "trades/trades_pipeline/pipeline.hpp"
#include "trades/trades_pipeline/trades_page.hpp"

namespace {

using namespace trades;

/// The parsed command line.
struct Arguments {
  bool keep = false;   ///< keep the temporary directory
  bool quiet = false;  ///< do not print each large trade
  PipelineOptions pipeline;
  PageChoice page;
};

void print_summary(const PipelineSummary& summary) {
  const auto line = [](const char* what, std::uint64_t number) {
    fmt::print("{:<14}{:>9}\n", what, fmt::group_digits(number));
  };
  fmt::print("\n");
  line("trades sent", summary.sent);
  line("in raw_data", summary.written);
  if (summary.rejected > 0) line("rejected", summary.rejected);
  line("candles", summary.candles);
  line("large trades", summary.large_trades);
  fmt::print("{:<14}{:>9.2f}\n", "seconds", summary.seconds);
  line("trades/s", static_cast<std::uint64_t>(static_cast<double>(summary.written) / summary.ingest_seconds));
}

/// Runs the pipeline. Returns the exit code.
int run(Arguments arguments, const millrace::CommonOptions& common) {
  millrace::StopSignals signals;
  auto config = common.config();
  std::optional<buy_signals::WorkingDirectory> directory;
  // Without a broker on the command line, a temporary embedded broker is used.
  if (config.get_string("bootstrap.servers").empty()) {
    directory.emplace("trades_pipeline", arguments.keep);
    config.set("bootstrap.servers", "embedded:" + (directory->path() / "broker").string());
    if (!config.is_set("state.dir")) config.set("state.dir", (directory->path() / "state").string());
  }
  arguments.pipeline.config = config;
  const auto broker = millrace::open_broker(config, &signals);
  const auto page = open_trades_page(arguments.page, *broker);
  const auto on_large = [&](const std::string& text) {
    if (!arguments.quiet) fmt::print("{}\n", text);
  };
  const auto summary = run_pipeline(broker, arguments.pipeline, on_large, signals);
  if (summary.complete) {
    print_summary(summary);
  } else {
    fmt::print("\nStopped before the end.\n");
  }
  if (arguments.keep && directory) fmt::print("\nTopics are kept: topics list --broker {}\n", broker->address());
  std::fflush(stdout);
  serve_page(page, signals);
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(
      "Runs the whole pipeline of trades in one process: a stand-in for the exchange plays a recorded feed over "
      "WebSocket, each trade becomes a record, candles and large trades are computed. Without --broker or "
      "--bootstrap-servers, each run uses a new temporary directory.",
      "trades_pipeline");
  const millrace::CommonOptions common(cli, analysis_defaults());
  // Warnings only, unless --log-level says otherwise, so that the results stand out.
  millrace::set_log_level(millrace::LogLevel::warn);
  Arguments arguments;
  arguments.pipeline.feed = buy_signals::shipped_file("trades.ndjson.gz");
  cli.add_option("--feed", arguments.pipeline.feed, "a trade per line, as Finnhub sends it; plain or gzip")
      ->type_name("FILE")
      ->capture_default_str();
  cli.add_option("--speed", arguments.pipeline.speed, "1: the trades' own pace; 60: a minute per second; 0: no pauses")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  millrace::Options options{cli};
  add_rule_options(options, arguments.pipeline.rule);
  add_page_choice(options, arguments.page);
  cli.add_flag("--quiet", arguments.quiet, "prints the summary only");
  cli.add_flag("--keep", arguments.keep, "keeps the temporary directory and says where it is");
  std::string description;
  cli.add_flag("--describe{text}", description,
               "prints the topology and exits; --describe=mermaid, =graphviz: draws it")
      ->check(CLI::IsMember({"text", "mermaid", "graphviz"}).description(""));
  return millrace::run_command_line(cli, argc, argv, [&] {
    if (!description.empty()) {
      const auto topology = trades_analysis(arguments.pipeline.rule);
      fmt::print("{}\n", description == "text"      ? topology.describe()
                         : description == "mermaid" ? topology.describe_mermaid()
                                                    : topology.describe_graphviz());
      return static_cast<int>(millrace::kExitOk);
    }
    return run(arguments, common);
  });
}
