// SPDX-License-Identifier: Apache-2.0
#include "millrace/app/options.hpp"

#include <CLI/CLI.hpp>

namespace millrace {
namespace {

/// An option whose default is the variable's present value. --help shows it.
template <class T>
void add(CLI::App& cli, const std::string& name, T& value, const std::string& help) {
  cli.add_option(name, value, help)->capture_default_str();
}

}  // namespace

Options& Options::option(const std::string& name, std::string& value, const std::string& help) {
  add(cli_, name, value, help);
  return *this;
}

Options& Options::option(const std::string& name, std::filesystem::path& value, const std::string& help) {
  // CLI11 would show a path in quotation marks, so the default is given as a string.
  cli_.add_option(name, value, help)->type_name("PATH")->default_str(value.string());
  return *this;
}

Options& Options::option(const std::string& name, std::int64_t& value, const std::string& help) {
  add(cli_, name, value, help);
  return *this;
}

Options& Options::option(const std::string& name, double& value, const std::string& help) {
  add(cli_, name, value, help);
  return *this;
}

Options& Options::option(const std::string& name, std::optional<std::string>& value, const std::string& help) {
  // Through a function, because the value must stay empty if the option is not given.
  cli_.add_option_function<std::string>(
      name, [&value](const std::string& given) { value = given; }, help);
  return *this;
}

Options& Options::flag(const std::string& name, bool& value, const std::string& help) {
  cli_.add_flag(name, value, help);
  return *this;
}

}  // namespace millrace
