#include "millrace/app/options.hpp"

#include <CLI/CLI.hpp>

namespace millrace {
namespace {

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
  cli_.add_option_function<std::string>(
      name, [&value](const std::string& given) { value = given; }, help);
  return *this;
}

Options& Options::flag(const std::string& name, bool& value, const std::string& help) {
  cli_.add_flag(name, value, help);
  return *this;
}

}  // namespace millrace
