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

/// What a process returns to its shell.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,  ///< it started, and failed
  kExitUsage = 2,    ///< the command line or the configuration is wrong
};

/// The options that every Millrace program has: `--broker`, `--bootstrap-servers`, `-c key=value`, `--config FILE`,
/// `--log-level`, `--help-config`, `--version`.
///
///     CLI::App cli("Lists topics", "topics");
///     CommonOptions common(cli);
///     return run_command_line(cli, argc, argv, [&] { auto broker = common.open_broker(); ...; return kExitOk; });
///
/// Subcommands that are added afterwards take the options too. Lives as long as the CLI::App is parsed.
class CommonOptions {
 public:
  /// `defaults`: what the program sets unless the user does.
  explicit CommonOptions(CLI::App& cli, StreamsConfig defaults = {});
  CommonOptions(const CommonOptions&) = delete;
  CommonOptions& operator=(const CommonOptions&) = delete;

  /// After parsing: the defaults, overlaid by the `--config` files in their order, then `--broker` or
  /// `--bootstrap-servers`, then each `-c`. On the embedded broker `state.dir` is, unless given, in the broker's
  /// directory: state and log belong together. Throws ConfigException.
  [[nodiscard]] StreamsConfig config() const;

  /// After parsing: the broker that config() names, reached (see below).
  [[nodiscard]] std::shared_ptr<Broker> open_broker(StopSignals* stop = nullptr) const;

 private:
  StreamsConfig defaults_;
  std::vector<std::string> files_;
  std::string broker_;
  std::string bootstrap_servers_;
  std::vector<std::string> settings_;
};

/// Opens the broker that `bootstrap.servers` names, and waits until it is reachable for at most
/// `millrace.connect.timeout.ms`.
[[nodiscard]] std::shared_ptr<Broker> open_broker(const StreamsConfig& config, StopSignals* stop = nullptr);

/// The two steps of open_broker(): the first does not connect to Kafka yet (but locks the directory of the embedded
/// broker). The second tries again and again at growing intervals, then throws BrokerException; a stop signal ends
/// the wait with StreamsException.
[[nodiscard]] std::shared_ptr<Broker> make_broker(const StreamsConfig& config);
void wait_until_reachable(Broker& broker, Millis timeout, StopSignals* stop = nullptr);

/// Parses the command line and runs `body`, whose result is the exit code. Wrong usage and every exception become
/// one line on standard error and an exit code: kExitUsage for the command line and ConfigException, else
/// kExitFailure.
int run_command_line(CLI::App& cli, int argc, const char* const* argv, const std::function<int()>& body);

/// The table of configuration keys as text, for `--help-config`.
[[nodiscard]] std::string describe_config_keys();

}  // namespace millrace
