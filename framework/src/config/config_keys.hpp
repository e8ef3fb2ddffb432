#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace millrace::detail {

enum class ConfigType { string, integer, boolean, millis, list, class_name };

/// How the values of a key are checked beyond their type, and brought to one spelling.
enum class ConfigRule {
  none,
  one_of,  ///< one of `valid`, as written
  one_of_ignoring_case,
  any_of,             ///< a comma-separated list of `valid`
  bootstrap_servers,  ///< host:port,... or embedded:DIR
  application_id,     ///< becomes part of topic names
  topic_name,
  exception_handler,    ///< short names or Java's class names; stored as the short name
  timestamp_extractor,  ///< Java's class names, package optional; stored without package
};

/// One row of the table of keys.
struct ConfigKey {
  std::string_view name;
  ConfigType type;
  std::string_view default_value;  ///< empty: none
  bool supported;                  ///< false: known to Kafka Streams, accepted and without effect here
  std::string_view doc;
  ConfigRule rule = ConfigRule::none;
  std::string_view valid = {};  ///< comma-separated
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view alias_of = {};  ///< the newer key that this one stands for
};

/// All keys of Kafka Streams 4.3, then Millrace's own; each part in alphabetical order.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// nullptr if there is no such key.
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name);

/// Keys that begin so go through to the Kafka clients (`topic.`: to the internal topics).
inline constexpr std::string_view kPassThroughPrefixes[] = {
    "main.consumer.", "restore.consumer.", "global.consumer.", "consumer.", "producer.", "admin.", "topic."};

}  // namespace millrace::detail
