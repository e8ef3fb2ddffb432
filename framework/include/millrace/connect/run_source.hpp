// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "millrace/app/options.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/connect/source.hpp"

namespace millrace::connect {

/// Describes a program that runs a source. Only `source` is required.
struct SourceSpec {
  std::string name = {};         ///< also the default application.id; empty: the executable's name
  std::string description = {};  ///< first lines of --help
  StreamsConfig defaults = {};   ///< settings of the program; the user can override them
  std::string topic = {};        ///< the default of `--to`; empty: the user must give it, unless `own_topics`
  bool own_topics = false;       ///< the source names a topic in each record; there is no `--to`

  /// Adds the program's own options to the common ones. The variables must outlive run_source().
  std::function<void(Options&)> options = {};

  /// Makes the source. Called once, after the command line was parsed. It does not connect yet. Throws ConfigException
  /// for a wrong option.
  std::function<std::unique_ptr<Source>(const StreamsConfig&)> source = {};

  /// Called after the broker answered and before the source is opened. The place to create topics with settings of
  /// their own.
  std::function<void(Broker&, const StreamsConfig&)> before_start = {};
};

/// The body of `main` for a source. Parses the command line (the options of CommonOptions, `--to`, `--dead-letters`,
/// `--create-topics`, the program's own options), waits for the broker, and copies records from the source to the
/// broker until the source ends, SIGINT, SIGTERM or an error.
///
/// Returns  the exit code: 0 after an orderly end, 1 after a failure, 2 if the command line or the configuration is
///          wrong
/// Errors   never throws; prints one line to standard error
/// Threads  call it from the main thread, before any other thread is started (see StopSignals)
int run_source(int argc, const char* const* argv, const SourceSpec& spec);

}  // namespace millrace::connect
