// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"

namespace CLI {
class App;  // CLI11; a program that adds options of its own includes <CLI/CLI.hpp> and links CLI11::CLI11
}

namespace millrace {

class StopSignals;

/// What a program returns to the shell.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,  ///< it started and then failed
  kExitUsage = 2,    ///< the command line or the configuration is wrong
};

/// The options of every Millrace program: `--broker`, `--bootstrap-servers`, `-c key=value`, `--config FILE`,
/// `--log-level`, `--help-config`, `--version`.
///
///     CLI::App cli("Lists topics", "topics");
///     CommonOptions common(cli);
///     return run_command_line(cli, argc, argv, [&] { auto broker = common.open_broker(); ...; return kExitOk; });
///
/// Subcommands that are added later accept these options too. The object must live until the command line is parsed and
/// config() was called.
class CommonOptions {
 public:
  /// `defaults` are the program's own settings. The user can override them.
  explicit CommonOptions(CLI::App& cli, StreamsConfig defaults = {});
  CommonOptions(const CommonOptions&) = delete;
  CommonOptions& operator=(const CommonOptions&) = delete;

  /// The configuration. Call this after parsing. Later sources override earlier ones: the defaults, the `--config`
  /// files in their order, `--broker` or `--bootstrap-servers`, each `-c`. On the embedded broker, the default of
  /// `state.dir` is a folder in the broker's directory, because state and log belong together. Throws ConfigException.
  [[nodiscard]] StreamsConfig config() const;

  /// Opens the broker that config() names and waits for it, see below. Call this after parsing.
  [[nodiscard]] std::shared_ptr<Broker> open_broker(StopSignals* stop = nullptr,
                                                    IfMissing if_missing = IfMissing::create,
                                                    IfInUse if_in_use = IfInUse::fail) const;

 private:
  StreamsConfig defaults_;
  std::vector<std::string> files_;
  std::string broker_;
  std::string bootstrap_servers_;
  std::vector<std::string> settings_;
};

/// Opens the broker of `bootstrap.servers`. Waits for at most `millrace.connect.timeout.ms` until the broker answers.
/// `if_missing`, `if_in_use`: for an embedded broker. A program that only reads gives IfMissing::fail and
/// IfInUse::read_only.
[[nodiscard]] std::shared_ptr<Broker> open_broker(const StreamsConfig& config, StopSignals* stop = nullptr,
                                                  IfMissing if_missing = IfMissing::create,
                                                  IfInUse if_in_use = IfInUse::fail);

/// The first step of open_broker(). Does not connect to Kafka, but locks the directory of the embedded broker.
[[nodiscard]] std::shared_ptr<Broker> make_broker(const StreamsConfig& config, IfMissing if_missing = IfMissing::create,
                                                  IfInUse if_in_use = IfInUse::fail);

/// The second step of open_broker(). Retries with growing pauses. Throws a fatal BrokerException after `timeout`, and
/// StreamsException if a stop signal comes first.
void wait_until_reachable(Broker& broker, Millis timeout, StopSignals* stop = nullptr);

/// Parses the command line, runs `body`, and returns the exit code that `body` returned. A wrong command line and every
/// exception become one line on standard error. The exit code is then kExitUsage for the command line and for
/// ConfigException, else kExitFailure.
int run_command_line(CLI::App& cli, int argc, const char* const* argv, const std::function<int()>& body);

/// The table of configuration keys as text, for `--help-config`.
[[nodiscard]] std::string describe_config_keys();

}  // namespace millrace
