#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_keys.hpp"

namespace millrace::detail {

/// The value in the spelling in which it is stored. Throws ConfigException naming key, value and what is valid.
[[nodiscard]] std::string checked_value(const ConfigKey& key, std::string_view value);

/// What a user may write for this key; empty: any value of the type.
[[nodiscard]] std::vector<std::string> valid_values(const ConfigKey& key);

/// The text of the error for a key that does not exist: names the nearest key that does.
[[nodiscard]] std::string unknown_key_message(std::string_view key, std::string_view value);

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);

/// The whole text as a decimal integer.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace millrace::detail
