// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "millrace/common/time.hpp"

namespace tweets {

/// Checks that the text is a tweet in the shape of the public API v1.1, with an id and the time `created_at`. Returns
/// the time, in ms since the epoch. Throws StreamsException that says what is wrong.
[[nodiscard]] millrace::Timestamp tweet_time(std::string_view json);

}  // namespace tweets
