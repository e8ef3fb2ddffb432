// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "millrace/app/options.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/runtime/streams.hpp"

namespace millrace {

/// Describes a program that runs a topology. Only `topology` is required.
struct AppSpec {
  std::string name = {};         ///< also the default application.id; empty: the executable's name
  std::string description = {};  ///< first lines of --help
  StreamsConfig defaults = {};   ///< settings of the program; the user can override them

  /// Adds the program's own options to the common ones. The variables must outlive run_app().
  std::function<void(Options&)> options = {};

  /// Builds the topology. Called once, after the command line was parsed.
  std::function<Topology(const StreamsConfig&)> topology = {};

  /// Called after the broker answered and before the topology starts. The place to create missing topics.
  std::function<void(Broker&, const StreamsConfig&)> before_start = {};

  /// Called before start(). The place to set listeners and handlers.
  std::function<void(Streams&)> customize = {};
};

/// The body of `main` for a topology. Parses the command line (the options of CommonOptions, `--describe`, `--reset`,
/// the program's own options), waits for the broker, runs the topology until SIGINT, SIGTERM or an error, and closes
/// it.
///
/// Returns  the exit code: 0 after an orderly end, 1 after a failure, 2 if the command line or the configuration is
///          wrong
/// Errors   never throws; prints one line to standard error
/// Threads  call it from the main thread, before any other thread is started (see StopSignals)
///
///     int main(int argc, char** argv) {
///       return run_app(argc, argv, {.name = "word_count", .topology = [](auto&) { return word_count(); }});
///     }
int run_app(int argc, const char* const* argv, const AppSpec& spec);

/// The same for a topology without options of its own.
int run_app(int argc, const char* const* argv, const Topology& topology);

}  // namespace millrace
