#pragma once

#include <functional>
#include <string>

#include "millrace/app/options.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/runtime/streams.hpp"

namespace millrace {

/// What makes a topology a program. Everything but `topology` may be left out.
struct AppSpec {
  std::string name = {};         ///< also the application.id unless configured; default: the executable's name
  std::string description = {};  ///< first lines of --help
  StreamsConfig defaults = {};   ///< settings that the user can override

  /// Adds the program's own options to the common ones.
  std::function<void(Options&)> options = {};

  /// Called after the command line is parsed.
  std::function<Topology(const StreamsConfig&)> topology = {};

  /// Called when the broker is reached, before the topology starts: create the topics that it needs.
  std::function<void(Broker&, const StreamsConfig&)> before_start = {};

  /// Called before start(): listeners, handlers.
  std::function<void(Streams&)> customize = {};
};

/// The body of `main` for a topology: parses the command line (the options of CommonOptions, `--describe`, the
/// program's own), reaches the broker, runs the topology until SIGINT, SIGTERM or an error, and closes it.
/// Returns the exit code: 0 after an orderly end, 1 if it failed, 2 if command line or configuration are wrong.
///
///     int main(int argc, char** argv) {
///       return run_app(argc, argv, {.name = "word_count", .topology = [](auto&) { return word_count(); }});
///     }
int run_app(int argc, const char* const* argv, const AppSpec& spec);

/// The same for a topology that needs no options of its own.
int run_app(int argc, const char* const* argv, const Topology& topology);

}  // namespace millrace
