#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace millrace {

/// The options of one program beside the common ones, each bound to a variable of the caller, whose value at this
/// point is the default that `--help` shows. Good for simple cases; a program that needs more takes CLI11 itself
/// (command_line.hpp).
///
///     options.option("--threshold", rule.threshold, "price above which there is an alert")
///            .flag("--quiet", quiet, "no progress bar");
class Options {
 public:
  explicit Options(CLI::App& cli) : cli_(cli) {}

  Options& option(const std::string& name, std::string& value, const std::string& help);
  Options& option(const std::string& name, std::filesystem::path& value, const std::string& help);
  Options& option(const std::string& name, std::int64_t& value, const std::string& help);
  Options& option(const std::string& name, double& value, const std::string& help);
  /// Stays empty unless given.
  Options& option(const std::string& name, std::optional<std::string>& value, const std::string& help);
  Options& flag(const std::string& name, bool& value, const std::string& help);

 private:
  CLI::App& cli_;
};

}  // namespace millrace
