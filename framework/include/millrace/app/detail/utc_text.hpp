// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Reads a time in UTC: `2012-01-03`, `2012-01-03T15:30:00`, or with a fraction of a second such as
/// `2012-01-03T15:30:00.250`. Fractions below a millisecond are cut off. A blank may stand for the `T`, and a `Z` may
/// follow a time of day. Returns milliseconds since the epoch, or nullopt if the text is no such time.
[[nodiscard]] std::optional<Timestamp> parse_utc(const std::string& text);

/// The time in UTC as people read it: `2012-01-03 15:30:00.250Z`. `-` for a time below zero, which means that the
/// record has none. Times after the year 9999 are shown as the number of milliseconds.
[[nodiscard]] std::string utc_text(Timestamp time);

}  // namespace millrace::detail
