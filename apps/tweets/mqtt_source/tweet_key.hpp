// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tweets {

/// The id of a tweet in the shape of the public API v1.1: `id_str`, or else `id`. nullopt if the payload is no JSON
/// object or has no id.
[[nodiscard]] std::optional<std::string> tweet_key(std::string_view payload);

}  // namespace tweets
