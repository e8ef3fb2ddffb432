// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/client_settings.hpp"

#include <charconv>
#include <initializer_list>

#include "millrace/common/errors.hpp"

namespace millrace::detail::embedded {
namespace {

/// The first of these keys that is set, or nullptr. Some settings have two names.
const ClientConfig::value_type* find(const ClientConfig& config, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto found = config.find(key); found != config.end()) return &*found;
  }
  return nullptr;
}

/// Throws ConfigException that names the setting, its value, and what is allowed.
[[noreturn]] void refuse(const ClientConfig::value_type& setting, const std::string& wanted) {
  throw ConfigException("invalid value '" + setting.second + "' for " + setting.first + ": " + wanted);
}

/// The value of a setting, or `otherwise` if it is not set. A fraction is cut off: librdkafka's linger.ms may have one.
std::int64_t number(const ClientConfig& config, std::initializer_list<const char*> keys, std::int64_t otherwise) {
  const auto* setting = find(config, keys);
  if (setting == nullptr) return otherwise;
  const std::string& text = setting->second;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 9e15)) {
    refuse(*setting, "give a number that is not negative");
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

ConsumerSettings ConsumerSettings::parse(const ClientConfig& config) {
  ConsumerSettings settings;
  if (const auto* group = find(config, {"group.id"})) settings.group_id = group->second;
  if (const auto* client = find(config, {"client.id"})) settings.client_id = client->second;
  if (const auto* reset = find(config, {"auto.offset.reset"})) {
    const std::string& value = reset->second;
    // librdkafka accepts several spellings of each value, and so does this broker.
    if (value == "earliest" || value == "smallest" || value == "beginning") {
      settings.reset = OffsetReset::earliest;
    } else if (value == "latest" || value == "largest" || value == "end") {
      settings.reset = OffsetReset::latest;
    } else if (value == "none" || value == "error") {
      settings.reset = OffsetReset::none;
    } else {
      refuse(*reset, "give earliest, latest or none");
    }
  }
  if (const auto* level = find(config, {"isolation.level"})) {
    if (level->second != "read_committed" && level->second != "read_uncommitted") {
      refuse(*level, "give read_committed or read_uncommitted");
    }
    settings.read_committed = level->second == "read_committed";
  }
  settings.max_poll_interval = Millis(number(config, {"max.poll.interval.ms"}, settings.max_poll_interval.count()));
  if (const auto* strategy = find(config, {"partition.assignment.strategy"})) {
    // librdkafka's list may name further strategies; the first one decides.
    settings.range_assignor = strategy->second.starts_with("range");
  }
  return settings;
}

ProducerSettings ProducerSettings::parse(const ClientConfig& config) {
  ProducerSettings settings;
  if (const auto* id = find(config, {"transactional.id"})) settings.transactional_id = id->second;
  settings.transaction_timeout =
      Millis(number(config, {"transaction.timeout.ms"}, settings.transaction_timeout.count()));
  settings.linger = Millis(number(config, {"linger.ms", "queue.buffering.max.ms"}, settings.linger.count()));
  settings.batch_bytes =
      static_cast<std::size_t>(number(config, {"batch.size"}, static_cast<std::int64_t>(settings.batch_bytes)));
  settings.max_message_bytes = number(config, {"message.max.bytes", "max.request.size"}, settings.max_message_bytes);
  return settings;
}

}  // namespace millrace::detail::embedded
