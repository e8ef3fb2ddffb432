// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace::connect::detail {

/// How long the header `Retry-After` asks to wait: it has seconds, or a date of RFC 9110. nullopt: neither. A date in
/// the past means 0. `now`: milliseconds since the epoch.
[[nodiscard]] std::optional<Millis> parse_retry_after(std::string_view text, Timestamp now);

}  // namespace millrace::connect::detail
