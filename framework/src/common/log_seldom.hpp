// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "millrace/common/logging.hpp"

namespace millrace::detail {

/// Writes a line to the log, but at most once in 30 s for each `subject`. The limit counts the whole process together,
/// so that a long outage or a topic of bad records does not flood the log. Thread-safe.
void log_seldom(LogLevel level, std::string_view subject, std::string_view text);

}  // namespace millrace::detail
