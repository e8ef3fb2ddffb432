// SPDX-License-Identifier: Apache-2.0
#include "millrace/config/streams_config.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>

#include "config/config_keys.hpp"
#include "config/config_values.hpp"
#include "config/properties_file.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace {
namespace {

/// True for keys with a prefix of the Kafka clients or of internal topics. A prefix alone is no key.
bool is_pass_through(std::string_view key) {
  return std::ranges::any_of(detail::kPassThroughPrefixes, [&](std::string_view prefix) {
    return key.starts_with(prefix) && key.size() > prefix.size();
  });
}

/// Security settings are not in the table, because there are dozens of them. The clients check them.
bool is_security_setting(std::string_view key) { return key.starts_with("sasl.") || key.starts_with("ssl."); }

/// Keys of the table that apply to the connections of all clients. Only values that the user has set are passed on;
/// otherwise the client's own defaults hold.
constexpr std::string_view kSettingsOfAllClients[] = {
    "connections.max.idle.ms",  "metadata.max.age.ms",  "receive.buffer.bytes",
    "reconnect.backoff.max.ms", "reconnect.backoff.ms", "request.timeout.ms",
    "retry.backoff.ms",         "security.protocol",    "send.buffer.bytes",
};

/// A client setting that the engine decides itself. Another value would break a guarantee, so it is refused rather than
/// ignored.
struct Reserved {
  std::string_view client;
  std::string_view setting;
  std::string_view allowed;  ///< the only accepted value; empty: none
  bool exactly_once_only;    ///< true: the rule holds under exactly_once_v2 only
  std::string_view reason;   ///< for the message
};
constexpr Reserved kReserved[] = {
    {"consumer.", "group.id", "", false, "the group is named by application.id"},
    {"consumer.", "enable.auto.commit", "false", false, "progress is committed together with the state"},
    {"consumer.", "isolation.level", "read_committed", true, "exactly_once_v2 must not read what may be aborted"},
    {"producer.", "enable.idempotence", "true", true, "exactly_once_v2 needs it"},
    {"producer.", "transactional.id", "", true, "it is made from application.id and the thread"},
};

/// The default of a key. The default of state.dir depends on the machine, so it is computed.
std::string default_value(const detail::ConfigKey& key) {
  if (key.name != "state.dir") return std::string(key.default_value);
  // Without a directory for temporary files the result is a relative path.
  std::error_code no_temp_directory;
  return (std::filesystem::temp_directory_path(no_temp_directory) / "millrace").string();
}

/// The row of a key that the program itself asks for. A missing one is a programming error.
const detail::ConfigKey& known_key(std::string_view key) {
  const auto* const found = detail::find_config_key(key);
  if (found == nullptr) throw ConfigException("there is no configuration key \"" + std::string(key) + "\"");
  return *found;
}

/// The name of a type in the documentation.
std::string type_name(detail::ConfigType type) {
  switch (type) {
    case detail::ConfigType::string: return "string";
    case detail::ConfigType::integer: return "int";
    case detail::ConfigType::boolean: return "bool";
    case detail::ConfigType::millis: return "ms";
    case detail::ConfigType::list: return "list";
    case detail::ConfigType::class_name: return "class";
  }
  return "";
}

}  // namespace

StreamsConfig StreamsConfig::like_ksqldb() {
  StreamsConfig config;
  config.set("commit.interval.ms", "2000")
      .set("statestore.cache.max.bytes", "10000000")
      .set("num.stream.threads", "4")
      .set("topology.optimization", "all")
      .set("max.task.idle.ms", "500")
      .set("consumer.auto.offset.reset", "latest")
      .set("deserialization.exception.handler", "log-and-continue")
      .set("processing.exception.handler", "log-and-continue")
      .set("default.timestamp.extractor", "LogAndSkipOnInvalidTimestamp");
  return config;
}

StreamsConfig& StreamsConfig::set(std::string_view key, std::string_view value) {
  if (const auto* const known = detail::find_config_key(key)) {
    // Stored in the checked spelling, so that readers need not handle spellings.
    values_.insert_or_assign(std::string(key), detail::checked_value(*known, value));
    // Not checked here: the clients know their settings, and their error names the setting.
  } else if (is_pass_through(key) || is_security_setting(key)) {
    values_.insert_or_assign(std::string(key), std::string(detail::trim(value)));
  } else {
    throw ConfigException(detail::unknown_key_message(key, value));
  }
  return *this;
}

// Later calls overwrite earlier values, so a program can load a file and then change single keys.
StreamsConfig& StreamsConfig::load_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  // A directory can be opened, but reading it would look like an empty file.
  if (!in || std::filesystem::is_directory(file)) {
    throw ConfigException("cannot read the configuration file " + file.string());
  }
  for (const auto& property : detail::read_properties(in, file.string())) {
    try {
      set(property.key, property.value);
    } catch (const ConfigException& error) {
      // Adds the file and the line to the text.
      throw ConfigException(file.string() + ":" + std::to_string(property.line) + ": " + error.what());
    }
  }
  return *this;
}

// The value that the user has set, under the key or an older name of it; nullptr: the default holds.
const std::string* StreamsConfig::given(std::string_view key) const {
  if (const auto found = values_.find(key); found != values_.end()) return &found->second;
  // The newer key has been looked up first, so it wins over an older name.
  for (const auto& alias : detail::config_keys()) {
    if (alias.alias_of != key) continue;
    if (const auto found = values_.find(alias.name); found != values_.end()) return &found->second;
  }
  return nullptr;
}

std::string StreamsConfig::get_string(std::string_view key) const {
  if (const auto* const value = given(key)) return *value;
  if (is_pass_through(key) || is_security_setting(key)) return "";
  const auto& known = known_key(key);
  // Kafka Streams also commits more often under exactly-once, because other consumers see the results only after the
  // commit.
  if (key == "commit.interval.ms" && exactly_once()) return "100";
  // The default of an older name is the value of the newer key.
  if (!known.alias_of.empty()) return get_string(known.alias_of);
  return default_value(known);
}

std::int64_t StreamsConfig::get_int(std::string_view key) const {
  const auto text = get_string(key);
  const auto value = detail::parse_integer(text);
  // Happens only for client settings and for keys without a default: values of the table are checked when they are set.
  if (!value) {
    throw ConfigException("configuration key \"" + std::string(key) + "\" is read as a whole number, but is \"" + text +
                          "\"");
  }
  return *value;
}

// For client settings, which have fractions; the table has whole numbers only.
double StreamsConfig::get_double(std::string_view key) const {
  const auto text = get_string(key);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) {
    throw ConfigException("configuration key \"" + std::string(key) + "\" is read as a number, but is \"" + text +
                          "\"");
  }
  return value;
}

// Stored as "true" or "false" only: see checked_value().
bool StreamsConfig::get_bool(std::string_view key) const { return get_string(key) == "true"; }

Millis StreamsConfig::get_millis(std::string_view key) const { return Millis(get_int(key)); }

bool StreamsConfig::is_set(std::string_view key) const { return given(key) != nullptr; }

std::map<std::string, std::string> StreamsConfig::with_prefix(std::string_view prefix) const {
  std::map<std::string, std::string> settings;
  // The map is ordered, so keys with the same prefix are next to each other.
  for (auto it = values_.lower_bound(prefix); it != values_.end() && it->first.starts_with(prefix); ++it) {
    settings.emplace(it->first.substr(prefix.size()), it->second);
  }
  return settings;
}

std::map<std::string, std::string, std::less<>> StreamsConfig::serde_configs() const {
  std::map<std::string, std::string, std::less<>> configs = values_;
  for (auto& [key, value] : with_prefix("serde.")) configs.insert_or_assign(key, std::move(value));
  return configs;
}

std::map<std::string, std::string> StreamsConfig::client_settings(std::string_view client) const {
  std::map<std::string, std::string> settings;
  const auto add = [&](const std::map<std::string, std::string>& more) {
    for (const auto& [key, value] : more) settings.insert_or_assign(key, value);
  };
  for (const auto key : kSettingsOfAllClients) {
    if (const auto* const value = given(key)) settings.emplace(key, *value);
  }
  // Security settings have no prefix and apply to all clients.
  for (const auto& [key, value] : values_) {
    if (is_security_setting(key)) settings.emplace(key, value);
  }
  // From general to specific, so that the more specific setting wins.
  if (client.ends_with(".consumer")) add(with_prefix("consumer."));
  add(with_prefix(std::string(client) + "."));
  return settings;
}

// Called when the application starts, when all values are known. `broker_given`: the program has made the broker
// itself.
void StreamsConfig::validate(bool broker_given) const {
  // Two keys have no usable default. The messages show how to set them.
  if (!is_set("application.id")) {
    throw ConfigException(
        "configuration key \"application.id\" is missing: give the application a name, for example "
        "-c application.id=my-app");
  }
  if (!broker_given && !is_set("bootstrap.servers")) {
    throw ConfigException(
        "configuration key \"bootstrap.servers\" is missing: give HOST:PORT of a Kafka broker, or "
        "embedded:DIR for the embedded broker");
  }
  check_together();
  for (const auto& [key, value] : values_) {
    // Here and not in set(), because some rules depend on processing.guarantee, which may be set later.
    check_reserved(key, value);
    // A warning and no error: existing configuration files of Java applications must work.
    if (const auto* const known = detail::find_config_key(key);
        known != nullptr && !known->supported && value != known->in_force) {
      log(LogLevel::warn, "configuration key " + key + " = " + value + " has no effect in Millrace");
    }
  }
}

void StreamsConfig::check_together() const {
  struct Setting {
    std::string name;
    std::int64_t value;
  };
  // A value that is not a number counts as not given here. It is refused later, when the client is made.
  const auto of_client = [this](const char* client, const char* prefix, const char* setting, std::int64_t otherwise) {
    const auto settings = client_settings(client);
    const auto found = settings.find(setting);
    const auto value = found == settings.end() ? std::nullopt : detail::parse_integer(found->second);
    return Setting{std::string(prefix) + setting, value.value_or(otherwise)};
  };
  const auto own = [this](const char* key) { return Setting{key, get_int(key)}; };
  const auto require = [](bool holds, const Setting& low, const Setting& high, const std::string& reason) {
    if (holds) return;
    const auto shown = [](const Setting& setting) {
      return "\"" + setting.name + "\" (" + std::to_string(setting.value) + ")";
    };
    throw ConfigException("configuration keys " + shown(low) + " and " + shown(high) +
                          " cannot work together: " + reason + "; lower the first or raise the second");
  };

  if (exactly_once()) {
    const auto interval = own("commit.interval.ms");
    const auto timeout = of_client("producer", "producer.", "transaction.timeout.ms", 10'000);
    require(interval.value <= timeout.value, interval, timeout,
            "the broker would abort transactions before they are committed");
  }
  const auto poll_interval = of_client("main.consumer", "consumer.", "max.poll.interval.ms", 300'000);
  const auto session = of_client("main.consumer", "consumer.", "session.timeout.ms", 45'000);
  const auto heartbeat = of_client("main.consumer", "consumer.", "heartbeat.interval.ms", 3'000);
  const auto poll = own("poll.ms");
  require(heartbeat.value < session.value, heartbeat, session, "the group would remove members between two heartbeats");
  require(session.value <= poll_interval.value, session, poll_interval, "clients refuse this");
  require(poll.value < poll_interval.value, poll, poll_interval,
          "the group would remove members that wait for records");
}

void StreamsConfig::check_reserved(const std::string& key, const std::string& value) const {
  // The keys of a serde are its own.
  if (key.starts_with("serde.")) return;
  for (const auto& reserved : kReserved) {
    const auto setting = std::string(reserved.client).append(reserved.setting);
    // Also matches `main.consumer.` and the other prefixes that end with `consumer.`.
    if (key != setting && !key.ends_with("." + setting)) continue;
    // The value that the engine uses anyway does no harm.
    if (value == reserved.allowed || (reserved.exactly_once_only && !exactly_once())) continue;
    throw ConfigException("configuration key \"" + key + "\" cannot be \"" + value +
                          "\": " + std::string(reserved.reason) + "; leave it out");
  }
}

const std::vector<StreamsConfig::KeyDoc>& StreamsConfig::keys() {
  // Built once, at the first call. Static objects inside functions are initialised by one thread only.
  static const auto docs = [] {
    std::vector<KeyDoc> all;
    for (const auto& key : detail::config_keys()) {
      all.push_back({std::string(key.name), type_name(key.type), default_value(key), std::string(key.doc),
                     detail::valid_values(key), key.supported});
    }
    return all;
  }();
  return docs;
}

}  // namespace millrace
