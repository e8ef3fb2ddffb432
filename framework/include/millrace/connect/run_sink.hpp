// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/app/options.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/connect/sink.hpp"

namespace millrace::connect {

/// Describes a program that runs a sink. Only `sink` is required.
struct SinkSpec {
  std::string name = {};         ///< also the default application.id; empty: the executable's name
  std::string description = {};  ///< first lines of --help
  StreamsConfig defaults = {};   ///< settings of the program; the user can override them
  /// The defaults of `--from`, which may be repeated. Empty: the user must give it.
  std::vector<std::string> topics = {};

  /// Adds the program's own options to the common ones. The variables must outlive run_sink().
  std::function<void(Options&)> options = {};

  /// Makes the sink. Called once, after the command line was parsed. It does not connect yet. Throws ConfigException
  /// for a wrong option.
  std::function<std::unique_ptr<Sink>(const StreamsConfig&)> sink = {};
};

/// The body of `main` for a sink. Parses the command line (the options of CommonOptions, `--from`, `--dead-letters`,
/// `--create-topics`, the program's own options), waits for the broker, and gives records to the sink until SIGINT,
/// SIGTERM or an error. `--until-end` ends the program when it has written what was in the topics at its start.
///
/// Returns  the exit code: 0 after an orderly end, 1 after a failure, 2 if the command line or the configuration is
///          wrong
/// Errors   never throws; prints one line to standard error
/// Threads  call it from the main thread, before any other thread is started (see StopSignals)
int run_sink(int argc, const char* const* argv, const SinkSpec& spec);

}  // namespace millrace::connect
