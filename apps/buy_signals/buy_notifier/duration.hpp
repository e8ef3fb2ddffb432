// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/common/time.hpp"

namespace buy_signals {

/// Reads a whole number with a unit: `500ms`, `30s`, `10m`, `1h`, `1d`, or `0`. At most 365 days. Throws
/// ConfigException that names `option`.
[[nodiscard]] millrace::Millis parse_duration(const std::string& option, const std::string& text);

}  // namespace buy_signals
