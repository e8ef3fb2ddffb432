// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace millrace {

/// Adds a program's own options. Each option is bound to a variable of the caller, which must outlive the parsing.
/// `--help` shows the variable's value at the time of the call as the default. For simple cases; a program that needs
/// more uses CLI11 itself (command_line.hpp).
///
///     options.option("--threshold", rule.threshold, "price above which there is an alert")
///            .flag("--quiet", quiet, "no progress bar");
class Options {
 public:
  explicit Options(CLI::App& cli) : cli_(cli) {}

  /// Adds an option with a value. `name` is `--name`, or `--name,-n` with a short form. `help` is the text for
  /// `--help`. A value of the wrong type is a usage error.
  Options& option(const std::string& name, std::string& value, const std::string& help);
  Options& option(const std::string& name, std::filesystem::path& value, const std::string& help);
  Options& option(const std::string& name, std::int64_t& value, const std::string& help);
  Options& option(const std::string& name, double& value, const std::string& help);
  /// The value stays empty if the option is not given.
  Options& option(const std::string& name, std::optional<std::string>& value, const std::string& help);
  /// Adds an option without a value. It sets `value` to true.
  Options& flag(const std::string& name, bool& value, const std::string& help);

 private:
  CLI::App& cli_;
};

}  // namespace millrace
