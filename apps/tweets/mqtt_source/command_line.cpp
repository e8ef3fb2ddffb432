// SPDX-License-Identifier: Apache-2.0
#include "tweets/mqtt_source/command_line.hpp"

#include <string_view>

namespace tweets {
namespace {

constexpr std::string_view kBroker = "--broker";

bool is_mqtt(std::string_view url) { return url.starts_with("mqtt:") || url.starts_with("mqtts:"); }

}  // namespace

std::vector<std::string> with_mqtt_option(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    std::string& argument = arguments[i];
    if (argument == kBroker && i + 1 < arguments.size() && is_mqtt(arguments[i + 1])) {
      argument = "--mqtt";
    } else if (argument.starts_with("--broker=") && is_mqtt(std::string_view(argument).substr(kBroker.size() + 1))) {
      argument.replace(0, kBroker.size(), "--mqtt");
    }
  }
  return arguments;
}

}  // namespace tweets
