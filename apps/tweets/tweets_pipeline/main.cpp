// SPDX-License-Identifier: Apache-2.0
// tweets_pipeline: runs the whole pipeline in one process, from a file of tweets over MQTT to counts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "buy_signals/buy_pipeline/shipped_file.hpp"
#include "buy_signals/buy_pipeline/working_directory.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/common/logging.hpp"
#include "tweets/applications.hpp"
#include "tweets/tweets_pipeline/live_page.hpp"
#include "tweets/tweets_pipeline/own_mosquitto.hpp"
#include "tweets/tweets_pipeline/pipeline.hpp"
#include "tweets/tweets_replay/replay.hpp"

namespace {

using namespace tweets;

/// The parsed command line.
struct Arguments {
  bool keep = false;     ///< keep the temporary directory
  bool no_mqtt = false;  ///< without an MQTT broker
  std::string speed = "max";
  PipelineOptions pipeline;
  PageChoice page;
};

/// The largest counts, one a line.
void print_top(const char* title, const std::map<std::string, std::int64_t>& counts) {
  constexpr std::size_t kShown = 5;
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>(), &std::pair<std::string, std::int64_t>::second);
  fmt::print("\n{}\n", title);
  for (std::size_t at = 0; at < std::min(kShown, sorted.size()); ++at) {
    fmt::print("  {:<20}{:>8}\n", sorted[at].first, fmt::group_digits(sorted[at].second));
  }
}

void print_summary(const PipelineSummary& summary, bool over_mqtt) {
  const auto line = [](const char* what, std::uint64_t number) {
    fmt::print("{:<22}{:>8}\n", what, fmt::group_digits(number));
  };
  print_top("most used hashtags (of the minutes that are over)", summary.hashtags);
  print_top("tweets per language", summary.languages);
  fmt::print("\n");
  line(over_mqtt ? "tweets over MQTT" : "tweets, without MQTT", summary.published);
  if (summary.skipped > 0) line("skipped, no tweets", summary.skipped);
  line("records in the topic", summary.written);
  line("counts of hashtags", summary.hashtag_counts);
  fmt::print("{:<22}{:>8.2f}\n", "seconds", summary.seconds);
  line("tweets/s", static_cast<std::uint64_t>(static_cast<double>(summary.published) / summary.seconds));
}

/// Runs the pipeline. Returns the exit code.
int run(Arguments arguments, const millrace::CommonOptions& common) {
  arguments.pipeline.speed = parse_speed(arguments.speed);
  millrace::StopSignals signals;
  auto config = common.config();
  const buy_signals::WorkingDirectory directory("tweets_pipeline", arguments.keep);
  // Before other threads are started.
  const auto mosquitto = arguments.no_mqtt ? nullptr : OwnMosquitto::start(directory.path() / "mosquitto");
  if (!mosquitto && !arguments.no_mqtt) {
    millrace::log(millrace::LogLevel::warn,
                  "Mosquitto is not installed, so the tweets go into the topic directly: install Debian's mosquitto");
  }
  // Without a broker on the command line, a temporary embedded broker is used.
  if (config.get_string("bootstrap.servers").empty()) {
    config.set("bootstrap.servers", "embedded:" + (directory.path() / "broker").string());
    if (!config.is_set("state.dir")) config.set("state.dir", (directory.path() / "state").string());
  }
  arguments.pipeline.config = config;
  const auto broker = millrace::open_broker(config, &signals);
  create_missing_topics(*broker);
  const auto page = open_tweets_page(arguments.page, *broker);
  const auto summary = run_pipeline(broker, arguments.pipeline, mosquitto.get(), signals);
  if (summary.complete) {
    print_summary(summary, mosquitto != nullptr);
  } else {
    fmt::print("\nStopped before the end.\n");
  }
  if (arguments.keep) fmt::print("\nTopics are kept: topics list --broker {}\n", broker->address());
  (void)std::fflush(stdout);
  serve_page(page, signals);
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(
      "Runs the whole pipeline of tweets in one process: the tweets of a file go over MQTT, through a Mosquitto of its "
      "own, into a topic; hashtags per minute and tweets per language are counted. Without --broker or "
      "--bootstrap-servers, each run uses a new temporary directory.",
      "tweets_pipeline");
  const millrace::CommonOptions common(cli, analysis_defaults());
  // Warnings only, unless --log-level says otherwise, so that the results stand out.
  millrace::set_log_level(millrace::LogLevel::warn);
  Arguments arguments;
  arguments.pipeline.file = buy_signals::shipped_file("tweets.json.gz");
  cli.add_option("--tweets", arguments.pipeline.file, "a JSON array of tweets, or one a line; plain or gzip")
      ->type_name("FILE")
      ->capture_default_str();
  cli.add_option("--speed", arguments.speed, "how much faster than the tweets' own pace; max: without pauses")
      ->capture_default_str();
  millrace::Options options{cli};
  add_analysis_options(options, arguments.pipeline.rules);
  add_page_choice(options, arguments.page);
  cli.add_flag("--no-mqtt", arguments.no_mqtt, "without an MQTT broker: the tweets go into the topic directly");
  cli.add_flag("--keep", arguments.keep, "keeps the temporary directory and says where it is");
  return millrace::run_command_line(cli, argc, argv, [&] { return run(arguments, common); });
}
