// SPDX-License-Identifier: Apache-2.0
#include "config/config_values.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "common/nearest.hpp"
#include "common/visible.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

/// Kafka's limit for topic names.
constexpr std::size_t kMaxTopicName = 249;

/// A name that users may write, and the name under which it is stored.
struct Spelling {
  std::string_view written;
  std::string_view stored;
};

/// Exception handlers: Java's class names without package, and the short names of the same behaviour. Java's handlers
/// of different kinds have different class names; all kinds share this list.
constexpr Spelling kHandlers[] = {
    {"log-and-fail", "log-and-fail"},
    {"log-and-continue", "log-and-continue"},
    {"LogAndFailExceptionHandler", "log-and-fail"},
    {"LogAndContinueExceptionHandler", "log-and-continue"},
    {"LogAndFailProcessingExceptionHandler", "log-and-fail"},
    {"LogAndContinueProcessingExceptionHandler", "log-and-continue"},
    {"DefaultProductionExceptionHandler", "log-and-fail"},
};

/// Timestamp extractors: Java's class names without package.
constexpr Spelling kTimestampExtractors[] = {
    {"FailOnInvalidTimestamp", "FailOnInvalidTimestamp"},
    {"LogAndSkipOnInvalidTimestamp", "LogAndSkipOnInvalidTimestamp"},
    {"UsePartitionTimeOnInvalidTimestamp", "UsePartitionTimeOnInvalidTimestamp"},
    {"WallclockTimestampExtractor", "WallclockTimestampExtractor"},
};

/// A setting of the Kafka clients that users of Kafka Streams know. Here it needs a prefix. The table serves error
/// messages only.
struct ClientSetting {
  std::string_view name;
  std::string_view prefix;
};
constexpr ClientSetting kClientSettings[] = {
    {"acks", "producer."},
    {"auto.offset.reset", "consumer."},
    {"batch.size", "producer."},
    {"compression.type", "producer."},
    {"delivery.timeout.ms", "producer."},
    {"fetch.max.bytes", "consumer."},
    {"fetch.min.bytes", "consumer."},
    {"group.instance.id", "consumer."},
    {"heartbeat.interval.ms", "consumer."},
    {"isolation.level", "consumer."},
    {"linger.ms", "producer."},
    {"max.partition.fetch.bytes", "consumer."},
    {"max.poll.interval.ms", "consumer."},
    {"max.poll.records", "consumer."},
    {"max.request.size", "producer."},
    {"retention.ms", "topic."},
    {"session.timeout.ms", "consumer."},
    {"transaction.timeout.ms", "producer."},
};

/// For comparisons without regard to case. ASCII only.
std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The text in double quotes, as all messages show keys and values. Invisible characters are escaped. Example: a byte
/// order mark at the beginning of a properties file becomes a part of the first key.
std::string quoted(std::string_view text) { return '"' + visible(text) + '"'; }

/// Throws the ConfigException for a bad value. `must` says what the value must be.
[[noreturn]] void reject(const ConfigKey& key, std::string_view value, const std::string& must) {
  // All errors of values have this form.
  throw ConfigException("configuration key " + quoted(key.name) + " cannot be " + quoted(value) + ": it must be " +
                        must);
}

/// The valid values as a list for a message.
std::string any_valid(const ConfigKey& key) {
  std::string text;
  for (const auto& value : valid_values(key)) text += (text.empty() ? "" : ", ") + value;
  return text;
}

/// The key's range for a message. Limits of the 32-bit type itself are not mentioned.
std::string range(const ConfigKey& key) {
  constexpr std::int64_t kIntMin = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();
  // The smallest and the largest value of the type are no limits that a user wants to read about.
  const bool from = key.min > kIntMin;
  const bool to = key.max < kIntMax;
  if (from && to) return " from " + std::to_string(key.min) + " to " + std::to_string(key.max);
  if (from) return " of at least " + std::to_string(key.min);
  return "";
}

// The checked_... functions return the value in the spelling that is stored, or throw ConfigException.
void check_number(const ConfigKey& key, std::string_view value) {
  // Units such as "10s" are refused, as in Kafka.
  const auto parsed = parse_integer(value);
  if (!parsed || *parsed < key.min || *parsed > key.max) {
    reject(key, value,
           "a whole number" + range(key) + (key.type == ConfigType::millis ? ", in milliseconds" : "") +
               (parsed && *parsed > key.max ? ", at most " + std::to_string(key.max) : ""));
  }
}

/// "true" or "false" in lower case. Any case is accepted, as in Kafka.
std::string checked_flag(const ConfigKey& key, std::string_view value) {
  auto spelled = lower(value);
  if (spelled != "true" && spelled != "false") reject(key, value, "true or false");
  return spelled;
}

/// One of the valid values, in the spelling of the table.
std::string checked_choice(const ConfigKey& key, std::string_view value, bool ignore_case) {
  for (const auto valid : split_list(key.valid)) {
    if (valid == value || (ignore_case && lower(valid) == lower(value))) return std::string(valid);
  }
  reject(key, value, "one of " + any_valid(key));
}

/// A comma-separated list, without white space in the stored form.
std::string checked_choices(const ConfigKey& key, std::string_view value) {
  const auto given = split_list(value);
  const auto valid = split_list(key.valid);
  std::string stored;
  for (const auto item : given) {
    // "all" and "none" must be the only value. The others can be combined.
    const bool alone = item == "all" || item == "none";
    if (!std::ranges::count(valid, item) || (alone && given.size() > 1)) {
      reject(key, value, "all, none, or a comma-separated list of the others of " + any_valid(key));
    }
    stored.append(stored.empty() ? "" : ",").append(item);
  }
  return stored;
}

/// Looks up a class name without its package.
std::string checked_class(const ConfigKey& key, std::string_view value, std::span<const Spelling> known) {
  const auto name = value.substr(value.rfind('.') + 1);  // npos + 1 is 0: no package
  const auto found = std::ranges::find(known, name, &Spelling::written);
  if (found == known.end()) reject(key, value, "one of " + any_valid(key));
  return std::string(found->stored);
}

/// True for HOST:PORT. An IPv6 address must be in brackets.
bool is_host_and_port(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto host = address.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  // Otherwise the last colon could be a part of the address.
  if (!bracketed && host.find(':') != std::string_view::npos) return false;
  if (host.find_first_of(" \t/") != std::string_view::npos) return false;
  // Port 0 means "any free port" and cannot be connected to.
  const auto port = parse_integer(address.substr(colon + 1));
  return port && *port >= 1 && *port <= 65535;
}

/// HOST:PORT pairs, or the embedded broker. Which broker it is follows from this key alone.
std::string checked_bootstrap_servers(const ConfigKey& key, std::string_view value) {
  constexpr std::string_view kEmbedded = "embedded:";
  // The directory's name is taken as it is, also with commas or colons.
  if (value.starts_with(kEmbedded) && value.size() > kEmbedded.size()) return std::string(value);
  std::string stored;
  for (const auto address : split_list(value)) {
    if (!is_host_and_port(address)) {
      reject(key, value,
             "a comma-separated list of HOST:PORT, or embedded:DIR for the embedded broker; " + quoted(address) +
                 " is neither");
    }
    // Stored without white space, as the clients expect it.
    stored.append(stored.empty() ? "" : ",").append(address);
  }
  // Only commas and blanks.
  if (stored.empty()) reject(key, value, "a comma-separated list of HOST:PORT, or embedded:DIR");
  return stored;
}

/// Kafka's characters for topic names.
bool has_only_topic_characters(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

/// Checks a value that becomes a topic's name or a part of one.
std::string checked_topic_part(const ConfigKey& key, std::string_view value, bool may_be_empty) {
  if ((value.empty() && !may_be_empty) || value == "." || value == ".." || value.size() > kMaxTopicName ||
      !has_only_topic_characters(value)) {
    reject(key, value,
           (may_be_empty ? "empty or " : "") + std::string("a name of 1 to ") + std::to_string(kMaxTopicName) +
               " of the characters a-z A-Z 0-9 . _ - (it is, or is part of, the name of a topic)");
  }
  return std::string(value);
}

/// The known key or client setting that is most similar to `key`.
std::string nearest_key(std::string_view key) {
  Nearest nearest(lower(key));
  // Keys without effect are offered too: they exist in Kafka Streams, so the user may mean one.
  for (const auto& known : config_keys()) nearest.consider(known.name);
  // Client settings are offered with their prefix, because leaving out the prefix is a common mistake.
  for (const auto& setting : kClientSettings) nearest.consider(std::string(setting.prefix).append(setting.name));
  return nearest.best();
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto item = trim(text.substr(0, comma)); !item.empty()) items.push_back(item);
    // The last item has no comma behind it.
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  // from_chars accepts neither blanks nor a plus sign, and stops at the first other character.
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// For help texts and for messages. Java's class names are listed too, because users copy them from existing files.
std::vector<std::string> valid_values(const ConfigKey& key) {
  std::vector<std::string> values;
  const auto add = [&](std::string_view value) { values.emplace_back(value); };
  switch (key.rule) {
    case ConfigRule::exception_handler:
      for (const auto& handler : kHandlers) add(handler.written);
      break;
    case ConfigRule::timestamp_extractor:
      for (const auto& extractor : kTimestampExtractors) add(extractor.written);
      break;
    default:
      for (const auto value : split_list(key.valid)) add(value);
      break;
  }
  // Booleans have no list in the table.
  if (key.type == ConfigType::boolean) values = {"true", "false"};
  return values;
}

// The rule decides first. Keys without a rule are checked by their type.
std::string checked_value(const ConfigKey& key, std::string_view given) {
  const auto value = trim(given);
  switch (key.rule) {
    case ConfigRule::one_of: return checked_choice(key, value, false);
    case ConfigRule::one_of_ignoring_case: return checked_choice(key, value, true);
    case ConfigRule::any_of: return checked_choices(key, value);
    case ConfigRule::bootstrap_servers: return checked_bootstrap_servers(key, value);
    case ConfigRule::application_id: return checked_topic_part(key, value, false);
    case ConfigRule::topic_name: return checked_topic_part(key, value, true);
    case ConfigRule::exception_handler: return checked_class(key, value, kHandlers);
    case ConfigRule::timestamp_extractor: return checked_class(key, value, kTimestampExtractors);
    case ConfigRule::directory:
      if (value.empty()) reject(key, value, "a directory; leave the key out for the default");
      break;
    case ConfigRule::none: break;
  }
  if (key.type == ConfigType::boolean) return checked_flag(key, value);
  if (key.type == ConfigType::integer || key.type == ConfigType::millis) check_number(key, value);
  return std::string(value);
}

std::string unknown_key_message(std::string_view key, std::string_view value) {
  const auto text = "unknown configuration key " + quoted(key) + " (value " + quoted(value) + ")";
  const auto* const setting =
      std::ranges::find_if(kClientSettings, [&](const ClientSetting& s) { return s.name == key; });
  // A known setting without its prefix: name the prefix instead of guessing a key.
  if (setting != std::end(kClientSettings)) {
    return text + ": settings of the Kafka clients and topics take a prefix, write " +
           quoted(std::string(setting->prefix).append(key));
  }
  // A suggestion is always made, even if the nearest key is not near: the list of keys is too long to print.
  return text + ": did you mean " + quoted(nearest_key(key)) + "?";
}

}  // namespace millrace::detail
