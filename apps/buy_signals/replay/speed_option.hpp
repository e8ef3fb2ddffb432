// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace buy_signals {

/// Adds the option `--speed FACTOR|max`.
inline void add_speed_option(CLI::App& cli, std::optional<double>& speed) {
  cli.add_option_function<std::string>(
         "--speed",
         [&speed](const std::string& text) {
           speed.reset();
           if (text == "max") return;
           double factor = 0;
           if (!CLI::detail::lexical_cast(text, factor) || !(factor > 0)) {
             throw CLI::ValidationError("--speed", "write a number above zero, or max");
           }
           speed = factor;
         },
         "how much faster than real time, e.g. 86400 for a day per second, or max: as fast as possible")
      ->type_name("FACTOR|max")
      ->default_str("max");
}

}  // namespace buy_signals
