// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/topic_settings.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "millrace/common/errors.hpp"

namespace millrace::detail::embedded {
namespace {

/// All errors have the same form: topic, value, name, and what is allowed.
[[noreturn]] void refuse(const std::string& topic, const std::string& name, const std::string& value,
                         const std::string& wanted) {
  throw BrokerException(BrokerException::Severity::fatal, "topic '" + topic + "': invalid value '" + value +
                                                              "' for configuration " + name + ": " + wanted);
}

/// Reads a number into `into` if the configuration contains `name`. Refuses values below `minimum`.
template <class Number>
void read_number(const std::string& topic, const std::map<std::string, std::string>& configs, const char* name,
                 Number minimum, Number& into) {
  const auto found = configs.find(name);
  if (found == configs.end()) return;
  const std::string& text = found->second;
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < minimum) {
    refuse(topic, name, text, "give a number of at least " + std::to_string(minimum));
  }
  into = value;
}

}  // namespace

void TopicSettings::check_names(const std::string& topic, const std::map<std::string, std::string>& configs) {
  // Unknown names are refused, as Kafka does: a typing error would otherwise have no effect and stay unnoticed.
  for (const auto& [name, value] : configs) {
    if (!defaults().contains(name)) {
      throw BrokerException(BrokerException::Severity::fatal, "topic '" + topic + "': unknown topic configuration '" +
                                                                  name + "' (value '" + value +
                                                                  "'); use one of Kafka's topic configuration names");
    }
  }
}

TopicSettings TopicSettings::parse(const std::string& topic, const std::map<std::string, std::string>& configs) {
  check_names(topic, configs);
  TopicSettings settings;
  if (const auto policy = configs.find("cleanup.policy"); policy != configs.end()) {
    settings.compact = settings.remove = false;
    // A list: `compact,delete` applies both.
    std::string_view rest = policy->second;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view word = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (word.starts_with(' ')) word.remove_prefix(1);
      while (word.ends_with(' ')) word.remove_suffix(1);
      if (word == "compact") {
        settings.compact = true;
      } else if (word == "delete") {
        settings.remove = true;
      } else {
        refuse(topic, "cleanup.policy", policy->second, "give `delete`, `compact` or `compact,delete`");
      }
    }
  }
  if (const auto type = configs.find("message.timestamp.type"); type != configs.end()) {
    if (type->second != "CreateTime" && type->second != "LogAppendTime") {
      refuse(topic, type->first, type->second, "give CreateTime or LogAppendTime");
    }
    settings.log_append_time = type->second == "LogAppendTime";
  }
  read_number<std::int64_t>(topic, configs, "retention.ms", -1, settings.retention_ms);
  read_number<std::int64_t>(topic, configs, "retention.bytes", -1, settings.retention_bytes);
  read_number<std::int64_t>(topic, configs, "min.compaction.lag.ms", 0, settings.min_compaction_lag_ms);
  read_number<std::int64_t>(topic, configs, "delete.retention.ms", 0, settings.delete_retention_ms);
  read_number<std::int64_t>(topic, configs, "max.message.bytes", 0, settings.max_message_bytes);
  read_number<std::int64_t>(topic, configs, "message.timestamp.before.max.ms", 0, settings.timestamp_before_max_ms);
  read_number<std::int64_t>(topic, configs, "message.timestamp.after.max.ms", 0, settings.timestamp_after_max_ms);
  read_number<double>(topic, configs, "min.cleanable.dirty.ratio", 0.0, settings.min_cleanable_dirty_ratio);
  return settings;
}

// Also the list of valid names. Values of names that the embedded broker does not apply are shown as Kafka shows them.
const std::map<std::string, std::string>& TopicSettings::defaults() {
  static const std::map<std::string, std::string> kDefaults = {
      {"cleanup.policy", "delete"},
      {"compression.gzip.level", "-1"},
      {"compression.lz4.level", "9"},
      {"compression.type", "producer"},
      {"compression.zstd.level", "3"},
      {"delete.retention.ms", "86400000"},
      {"file.delete.delay.ms", "60000"},
      {"flush.messages", "9223372036854775807"},
      {"flush.ms", "9223372036854775807"},
      {"follower.replication.throttled.replicas", ""},
      {"index.interval.bytes", "4096"},
      {"leader.replication.throttled.replicas", ""},
      {"local.retention.bytes", "-2"},
      {"local.retention.ms", "-2"},
      {"max.compaction.lag.ms", "9223372036854775807"},
      {"max.message.bytes", "1048588"},
      {"message.timestamp.after.max.ms", "3600000"},
      {"message.timestamp.before.max.ms", "9223372036854775807"},
      {"message.timestamp.type", "CreateTime"},
      {"min.cleanable.dirty.ratio", "0.5"},
      {"min.compaction.lag.ms", "0"},
      {"min.insync.replicas", "1"},
      {"preallocate", "false"},
      {"remote.log.copy.disable", "false"},
      {"remote.log.delete.on.disable", "false"},
      {"remote.storage.enable", "false"},
      {"retention.bytes", "-1"},
      {"retention.ms", "604800000"},
      {"segment.bytes", "1073741824"},
      {"segment.index.bytes", "10485760"},
      {"segment.jitter.ms", "0"},
      {"segment.ms", "604800000"},
      {"unclean.leader.election.enable", "false"},
  };
  return kDefaults;
}

void check_topic_name(const std::string& name) {
  // Kafka's rules for names (Topic.validate): at most 249 characters, because the name becomes a directory's name
  // there.
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name == "." || name == ".." || name.size() > 249 ||
      !std::all_of(name.begin(), name.end(), legal)) {
    throw BrokerException(BrokerException::Severity::fatal,
                          "invalid topic name '" + name +
                              "': use 1 to 249 letters, digits, '.', '_' or '-', and neither '.' nor '..' alone");
  }
}

}  // namespace millrace::detail::embedded
