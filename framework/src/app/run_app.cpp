// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>
#include <vector>

#include "app/reset_command.hpp"
#include "app/show_topics.hpp"
#include "millrace/app/app.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/plan/user_topics.hpp"

namespace millrace {
namespace {

/// How late the program may notice that the application has ended by itself. A signal is noticed at once.
constexpr Millis kLookInterval = 100ms;
/// How long closing may take: the last commit, and leaving the group.
constexpr Millis kCloseTimeout = 60s;

/// `--describe`: prints the topology. Needs no broker.
void print_description(const Topology& topology, const std::string& format) {
  if (format == "text") {
    std::cout << topology.describe();
  } else if (format == "mermaid") {
    std::cout << topology.describe_mermaid();
  } else if (format == "graphviz") {
    std::cout << topology.describe_graphviz();
  } else {
    throw ConfigException("--describe=" + format + ": use text, mermaid or graphviz");
  }
}

/// `--create-topics`. Each topic gets this number of partitions, and the broker's default settings.
void create_missing_topics(const Topology& topology, const StreamsConfig& config, Broker& broker,
                           std::int32_t partitions) {
  const Millis timeout = config.get_millis("millrace.connect.timeout.ms");
  const auto admin = broker.make_admin();
  for (const auto& [name, use] : detail::missing_topics(topology.internal(), config, *admin, timeout)) {
    // Another instance may have been faster.
    if (!admin->create_topic({.name = name, .partitions = partitions, .configs = {}}, timeout)) continue;
    log(LogLevel::info, "created topic '" + name + "' (" + use + ") with " + std::to_string(partitions) +
                            (partitions == 1 ? " partition" : " partitions"));
  }
}

/// Logs how many records were processed, and how many were dropped for which reason. Single warnings may have been left
/// out, or may be far up in the log.
void log_summary(const Streams& streams, const std::string& name) {
  const auto counters = streams.counters();
  std::string text = name + " processed " + std::to_string(counters.processed_records) + " records and dropped " +
                     std::to_string(counters.dropped_records);
  const char* separator = ": ";
  for (const auto& [reason, count] : counters.dropped_by_reason) {
    text += separator + std::to_string(count) + " for " + to_string(reason);
    separator = ", ";
  }
  log(counters.dropped_records > 0 ? LogLevel::warn : LogLevel::info, text);
}

/// Throws StreamsException with the application's error, or if closing takes too long. `show`: may be null.
void run_until_stopped(Streams& streams, StopSignals& stop, const std::string& name, detail::ShowTopics* show) {
  streams.start();
  // The main thread waits for signals, and in between looks at the state. Signals are blocked in all other threads.
  while (!stop.wait_for(kLookInterval) && !streams.wait_for(Millis(0))) {
  }
  if (stop.requested()) log(LogLevel::info, name + " closes");
  // The error is checked after closing, so that a failed application also leaves its group.
  const bool closed = streams.close(kCloseTimeout);
  if (show != nullptr) show->finish();
  log_summary(streams, name);
  if (const auto error = streams.error(); !error.empty()) throw StreamsException(error);
  if (!closed) {
    throw StreamsException("could not close within " + std::to_string(kCloseTimeout.count()) +
                           " ms; the next start repeats the work that was not committed");
  }
  if (!streams.closed_cleanly()) {
    throw StreamsException("could not commit its last work, see the warnings above; the next start repeats it");
  }
}

}  // namespace

int run_app(int argc, const char* const* argv, const AppSpec& spec) {
  const auto name = spec.name.empty() ? std::filesystem::path(argv[0]).filename().string() : spec.name;
  CLI::App cli(spec.description, name);
  auto defaults = spec.defaults;
  // The application.id names the consumer group, so it must not change by itself. The program's name is a stable
  // default.
  if (!defaults.is_set("application.id")) defaults.set("application.id", name);
  const CommonOptions common(cli, std::move(defaults));
  std::string description;
  cli.add_flag("--describe{text}", description,
               "prints the topology and exits; --describe=mermaid, =graphviz: draws it")
      ->group("Common options");
  std::int32_t create_topics = 0;
  cli.add_flag("--create-topics{1}", create_topics,
               "creates the topics that the topology reads and writes and that do not exist; --create-topics=N: each "
               "with N partitions")
      ->check(CLI::Range(1, 1'000'000))
      ->group("Common options");
  std::vector<std::string> shown_topics;
  cli.add_option("--show", shown_topics,
                 "prints the records that the application writes to this topic while it runs; may be repeated. "
                 "TOPIC=KEY,VALUE says how keys and values are shown: " +
                     std::string(kBytesFormatNames))
      ->type_name("TOPIC")
      ->allow_extra_args(false)
      ->group("Common options");
  const ResetCommand reset(cli);
  Options options(cli);
  if (spec.options) spec.options(options);

  return run_command_line(cli, argc, argv, [&] {
    StopSignals stop;  // before the first thread, see StopSignals
    const auto config = common.config();
    const auto topology = spec.topology(config);
    // Before the broker is opened, so that --describe works without one.
    if (!description.empty()) {
      print_description(topology, description);
      return kExitOk;
    }
    std::vector<detail::ShownTopic> topics;
    for (const auto& topic : shown_topics) topics.push_back(detail::ShownTopic::parse(topic, topology));
    // make_broker() does not connect to Kafka yet, so the checks below come before any waiting.
    const auto broker = make_broker(config, reset.given() ? IfMissing::fail : IfMissing::create);
    if (reset.given()) {
      wait_until_reachable(*broker, config.get_millis("millrace.connect.timeout.ms"), &stop);
      reset.run(topology, config, broker);
      return kExitOk;
    }
    // Streams checks the configuration. This comes before the wait, so that errors show at once.
    Streams streams(topology, config, broker);
    if (spec.customize) spec.customize(streams);
    wait_until_reachable(*broker, config.get_millis("millrace.connect.timeout.ms"), &stop);
    // The broker answers now. Programs create topics with settings of their own here. Without the topics, start() would
    // fail.
    if (spec.before_start) spec.before_start(*broker, config);
    if (create_topics > 0) create_missing_topics(topology, config, *broker, create_topics);
    std::optional<detail::ShowTopics> show;
    if (!topics.empty()) {
      // Before the start, so that no result is missed.
      show.emplace(broker, std::move(topics), config.get_millis("millrace.connect.timeout.ms"));
    }
    run_until_stopped(streams, stop, name, show ? &*show : nullptr);
    return kExitOk;
  });
}

int run_app(int argc, const char* const* argv, const Topology& topology) {
  return run_app(argc, argv, AppSpec{.topology = [&](const StreamsConfig&) { return topology; }});
}

}  // namespace millrace
