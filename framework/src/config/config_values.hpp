// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_keys.hpp"

namespace millrace::detail {

/// Checks a value and returns it in the spelling that is stored. Throws ConfigException. Its message names the key, the
/// value and the valid values.
[[nodiscard]] std::string checked_value(const ConfigKey& key, std::string_view value);

/// The values that a user may write for this key. Empty: any value of the type.
[[nodiscard]] std::vector<std::string> valid_values(const ConfigKey& key);

/// The error text for a key that does not exist. Suggests the most similar key.
[[nodiscard]] std::string unknown_key_message(std::string_view key, std::string_view value);

/// Removes white space at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// Splits at commas, trims the items, and drops empty ones. The views point into `text`.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);

/// Reads the whole text as a decimal integer. nullopt if it is not one.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace millrace::detail
