// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace millrace::detail {

/// The type of a key's values. `list` is separated by commas. `millis` is a whole number of milliseconds. `class_name`
/// is a Java class in Kafka Streams; here it is a name from a fixed list, or the key has no effect.
enum class ConfigType { string, integer, boolean, millis, list, class_name };

/// How the value of a key is checked beyond its type. Some rules also bring the value to one spelling, which is then
/// stored.
enum class ConfigRule {
  none,
  one_of,                ///< one of `valid`, spelled exactly so
  one_of_ignoring_case,  ///< one of `valid`; stored in the spelling of `valid`
  any_of,                ///< a comma-separated list of values from `valid`
  bootstrap_servers,     ///< HOST:PORT,... or embedded:DIR
  application_id,        ///< part of topic names, so only their characters are allowed
  topic_name,            ///< as application_id; may be empty
  exception_handler,     ///< a short name or Java's class name; stored as the short name
  timestamp_extractor,   ///< Java's class name, with or without package; stored without package
  directory,             ///< must not be empty: an empty path would mean the current directory of the process
};

/// One row of the table of configuration keys (config_keys.cpp). The documentation, the help texts and the checks come
/// from this table. All views point to string literals.
struct ConfigKey {
  std::string_view name;
  ConfigType type;
  std::string_view default_value;  ///< empty: no default
  bool supported;                  ///< false: a key of Kafka Streams that is accepted and has no effect here
  /// One or two sentences for users, without the default.
  std::string_view doc;
  ConfigRule rule = ConfigRule::none;
  std::string_view valid = {};  ///< comma-separated values, for the rules that need them
  std::int64_t min = std::numeric_limits<std::int64_t>::min();  ///< inclusive, as is max
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view alias_of = {};  ///< this key is an older name of the given key
  /// Of a key without effect: the value that describes what Millrace does. That value needs no warning.
  std::string_view in_force = {};
};

/// All keys of Kafka Streams 4.4, then Millrace's own keys. Each part is in alphabetical order.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// The row of a key, or nullptr if there is none.
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name);

/// Keys with these prefixes are passed to the Kafka clients without the prefix. `topic.` goes to the configuration of
/// internal topics, `serde.` to the serdes.
inline constexpr std::string_view kPassThroughPrefixes[] = {
    "main.consumer.", "restore.consumer.", "global.consumer.", "consumer.", "producer.", "admin.", "topic.", "serde."};

}  // namespace millrace::detail
