// SPDX-License-Identifier: Apache-2.0
#include "millrace/app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "common/visible.hpp"
#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/version.hpp"

namespace millrace {
namespace {

/// The names of the levels for --log-level, from most to least output.
const std::vector<std::pair<std::string, LogLevel>>& log_levels() {
  static const std::vector<std::pair<std::string, LogLevel>> levels{
      {"trace", LogLevel::trace}, {"debug", LogLevel::debug}, {"info", LogLevel::info},
      {"warn", LogLevel::warn},   {"error", LogLevel::error}, {"off", LogLevel::off}};
  return levels;
}

/// Sets the log level of the whole process. CLI11 has already checked the name.
void set_log_level_named(const std::string& name) {
  for (const auto& [level_name, level] : log_levels()) {
    if (level_name == name) set_log_level(level);
  }
}

/// Applies one `-c key=value`. Throws ConfigException if there is no key, or if the key or its value is wrong.
void apply_setting(StreamsConfig& config, const std::string& setting) {
  const auto equals = setting.find('=');
  // The value may be empty and may contain further equals signs.
  if (equals == std::string::npos || equals == 0) {
    throw ConfigException("-c " + setting + ": write -c key=value");
  }
  config.set(std::string_view(setting).substr(0, equals), std::string_view(setting).substr(equals + 1));
}

/// State that was computed from a log is worthless without this log. So with the embedded broker, state.dir is a folder
/// of the broker's directory by default. Deleting that directory then deletes both.
void keep_state_beside_embedded_broker(StreamsConfig& config) {
  constexpr std::string_view kEmbedded = "embedded:";
  const auto broker = config.get_string("bootstrap.servers");
  if (broker.starts_with(kEmbedded) && !config.is_set("state.dir")) {
    config.set("state.dir", broker.substr(kEmbedded.size()) + "/streams");
  }
}

/// Prints an exception's text as one line on standard error, with the program's name in front. Line feeds become
/// blanks, so that scripts and logs get one line per error.
void print_error(const CLI::App& cli, std::string text) {
  for (auto& c : text) {
    if (c == '\n') c = ' ';
  }
  std::cerr << (cli.get_name().empty() ? "" : cli.get_name() + ": ") << detail::visible(text) << '\n';
}

}  // namespace

CommonOptions::CommonOptions(CLI::App& cli, StreamsConfig defaults) : defaults_(std::move(defaults)) {
  constexpr auto kGroup = "Common options";
  // Lets the common options stand after a subcommand, too.
  cli.fallthrough();
  cli.set_version_flag("--version", cli.get_name() + " (Millrace " + std::string(kVersion) + ")")->group(kGroup);
  auto* const broker =
      cli.add_option("--broker", broker_, "embedded:DIR for the embedded broker in DIR, or HOST:PORT of a Kafka broker")
          ->type_name("BROKER")
          ->group(kGroup);
  cli.add_option("--bootstrap-servers", bootstrap_servers_, "Kafka brokers, separated by commas")
      ->type_name("HOST:PORT")
      // Both options set bootstrap.servers, so only one of them may be given.
      ->excludes(broker)
      ->group(kGroup);
  cli.add_option("--config", files_, "reads settings from a .properties file; may be repeated")
      ->type_name("FILE")
      // Without this, CLI11 would take all following words as further files.
      ->allow_extra_args(false)
      ->group(kGroup);
  cli.add_option("-c", settings_, "sets one configuration key; may be repeated, overrides --config")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group(kGroup);
  std::vector<std::string> names;
  for (const auto& level : log_levels()) names.push_back(level.first);
  // Takes effect before config() is called, so it also applies to warnings about the configuration.
  cli.add_option_function<std::string>("--log-level", set_log_level_named,
                                       "what is logged to standard error: trace, debug, info, warn, error or off")
      ->type_name("LEVEL")
      // The help text lists the names already, so the check needs no description.
      ->check(CLI::IsMember(names).description(""))
      ->group(kGroup);
  cli.add_flag_callback(
         "--help-config",
         [] {
           std::cout << describe_config_keys();
           // Ends the parsing; run_command_line() then returns 0.
           throw CLI::Success();
         },
         "explains the configuration keys for -c and --config, and exits")
      ->group(kGroup);
}

StreamsConfig CommonOptions::config() const {
  // From the weakest to the strongest source.
  auto config = defaults_;
  for (const auto& file : files_) config.load_file(file);
  if (!broker_.empty()) config.set("bootstrap.servers", broker_);
  if (!bootstrap_servers_.empty()) config.set("bootstrap.servers", bootstrap_servers_);
  for (const auto& setting : settings_) apply_setting(config, setting);
  keep_state_beside_embedded_broker(config);
  return config;
}

std::shared_ptr<Broker> CommonOptions::open_broker(StopSignals* stop, IfMissing if_missing, IfInUse if_in_use) const {
  return millrace::open_broker(config(), stop, if_missing, if_in_use);
}

int run_command_line(CLI::App& cli, int argc, const char* const* argv, const std::function<int()>& body) {
  // CLI11's default message has several lines.
  cli.failure_message([](const CLI::App* app, const CLI::Error& error) {
    return (app->get_name().empty() ? "" : app->get_name() + ": ") + error.what() + " (--help explains)\n";
  });
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version are also reported as a ParseError, with exit code 0.
    return cli.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  try {
    return body();
  } catch (const ConfigException& error) {
    // A wrong configuration is the user's to correct, like a wrong command line, so both have the same exit code.
    print_error(cli, error.what());
    return kExitUsage;
  } catch (...) {
    // Everything ends here, so that no exception leaves main and a failure has an exit code.
    print_error(cli, detail::current_error());
    return kExitFailure;
  }
}

}  // namespace millrace
