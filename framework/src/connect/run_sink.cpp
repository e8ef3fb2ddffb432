// SPDX-License-Identifier: Apache-2.0
#include "millrace/connect/run_sink.hpp"

#include <CLI/CLI.hpp>
#include <utility>

#include "connect/run_connector.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/connect/sink_runner.hpp"

namespace millrace::connect {
namespace {

/// What came of it, and what a single line of the log may have left out.
void log_summary(const SinkCounters& counters, const std::string& name, const std::string& sink) {
  std::string text = name + " wrote " + std::to_string(counters.written - counters.rejected) + " records to " + sink;
  if (counters.rejected > 0) {
    text += ", which refused " + std::to_string(counters.rejected) + " (" + std::to_string(counters.dead_letters) +
            " of them are in the dead-letter topic)";
  }
  log(counters.rejected > 0 ? LogLevel::warn : LogLevel::info, text);
}

}  // namespace

int run_sink(int argc, const char* const* argv, const SinkSpec& spec) {
  const auto name = detail::program_name(spec.name, argv[0]);
  CLI::App cli(spec.description, name);
  const detail::ConnectorProgram program(cli, name, spec.defaults);
  std::vector<std::string> topics = spec.topics;
  bool until_end = false;
  auto* const from = cli.add_option("--from", topics, "the topics to read, separated by commas; may be repeated")
                         ->type_name("TOPIC")
                         ->delimiter(',')
                         ->allow_extra_args(false);
  if (topics.empty()) {
    from->required();
  } else {
    from->capture_default_str();
  }
  cli.add_flag("--until-end", until_end, "ends when everything is written that was in the topics at the start");
  Options options(cli);
  if (spec.options) spec.options(options);

  return run_command_line(cli, argc, argv, [&] {
    StopSignals stop;  // before the first thread, see StopSignals
    const auto config = program.config();
    const auto sink = spec.sink(config);
    const auto broker = program.open_broker(config, topics, stop);
    SinkRunner runner(broker, *sink,
                      {.id = config.get_string("application.id"),
                       .topics = topics,
                       .config = config,
                       .max_batch = static_cast<std::size_t>(config.get_int("millrace.connector.batch.records")),
                       .until_end = until_end});
    log(LogLevel::info, name + " copies topics of " + broker->address() + " to " + sink->name());
    try {
      detail::run_until_stopped(stop, name, [&](const std::stop_token& token) { runner.run(token); });
    } catch (...) {
      log_summary(runner.counters(), name, sink->name());
      throw;
    }
    log_summary(runner.counters(), name, sink->name());
    return kExitOk;
  });
}

}  // namespace millrace::connect
