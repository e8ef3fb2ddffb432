// SPDX-License-Identifier: Apache-2.0
#include "millrace/connect/run_source.hpp"

#include <CLI/CLI.hpp>
#include <utility>

#include "connect/run_connector.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/connect/source_runner.hpp"

namespace millrace::connect {
namespace {

/// What came of it, and what a single line of the log may have left out.
void log_summary(const SourceCounters& counters, const std::string& name) {
  std::string text = name + " wrote " + std::to_string(counters.written) + " records";
  if (counters.rejected > 0) {
    text += ", rejected " + std::to_string(counters.rejected) + " (" + std::to_string(counters.dead_letters) +
            " of them are in the dead-letter topic)";
  }
  if (counters.gaps > 0) text += ", had " + std::to_string(counters.gaps) + " gaps";
  log(counters.rejected + counters.gaps > 0 ? LogLevel::warn : LogLevel::info, text);
}

}  // namespace

int run_source(int argc, const char* const* argv, const SourceSpec& spec) {
  const auto name = detail::program_name(spec.name, argv[0]);
  CLI::App cli(spec.description, name);
  const detail::ConnectorProgram program(cli, name, spec.defaults);
  std::string topic = spec.topic;
  if (!spec.own_topics) {
    auto* const option = cli.add_option("--to", topic, "the topic to write")->type_name("TOPIC");
    if (topic.empty()) {
      option->required();
    } else {
      option->capture_default_str();
    }
  }
  Options options(cli);
  if (spec.options) spec.options(options);

  return run_command_line(cli, argc, argv, [&] {
    StopSignals stop;  // before the first thread, see StopSignals
    const auto config = program.config();
    const auto source = spec.source(config);
    const auto broker = open_broker(config, &stop);
    if (spec.before_start) spec.before_start(*broker, config);
    program.provide_topics(*broker, config, topic.empty() ? std::vector<std::string>() : std::vector{topic});
    SourceRunner runner(broker, *source,
                        {.id = config.get_string("application.id"),
                         .topic = topic,
                         .config = config,
                         .max_batch = static_cast<std::size_t>(config.get_int("millrace.connector.batch.records"))});
    log(LogLevel::info, name + " copies " + source->name() + " to " +
                            (topic.empty() ? "topics" : "topic '" + topic + "'") + " on " + broker->address());
    try {
      detail::run_until_stopped(stop, name, [&](const std::stop_token& token) { runner.run(token); });
    } catch (...) {
      log_summary(runner.counters(), name);
      throw;
    }
    log_summary(runner.counters(), name);
    return kExitOk;
  });
}

}  // namespace millrace::connect
