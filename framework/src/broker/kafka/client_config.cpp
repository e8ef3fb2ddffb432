// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/client_config.hpp"

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "common/nearest.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::kafka {
namespace {

/// Name and value; in kRenamed two names.
using Setting = std::pair<std::string_view, std::string_view>;

/// Settings of every client whose librdkafka default differs from the Java client's default, or does not suit the
/// engine.
constexpr std::array kDefaults = {
    Setting{"client.id", "millrace"},
    Setting{"reconnect.backoff.ms", "50"},
    Setting{"reconnect.backoff.max.ms", "1000"},
    Setting{"socket.nagle.disable", "true"},
    // The error callback already reports a lost connection.
    Setting{"log.connection.close", "false"},
};

/// Further defaults of consumers.
constexpr std::array kConsumerDefaults = {
    Setting{"isolation.level", "read_uncommitted"},
    // The engine commits offsets together with the state. librdkafka must not commit on its own.
    Setting{"enable.auto.commit", "false"},
    Setting{"enable.auto.offset.store", "false"},
    // PartitionQueue::lag() needs the end-of-partition events to know that a partition is read to its end.
    Setting{"enable.partition.eof", "true"},
    // librdkafka has one fetch request under way per broker. While this request waits for new records of one partition,
    // the other partitions of the broker are not read. The end-of-partition event comes only with the answer, too.
    Setting{"fetch.wait.max.ms", "20"},
    Setting{"fetch.error.backoff.ms", "100"},
    // How long a subscribed topic may be unknown to the brokers before poll() reports that the topic is missing.
    // Milliseconds.
    Setting{"topic.metadata.propagation.max.ms", "10000"},
    // Limits per partition. The records of one fetch come on top. Small limits are enough, because PartitionQueue wakes
    // the fetching thread when a queue runs low.
    Setting{"queued.min.messages", "10000"},
    Setting{"queued.max.messages.kbytes", "4096"},
};

/// Further defaults of producers.
constexpr std::array kProducerDefaults = {
    Setting{"enable.idempotence", "true"},
    // Puts each key into the same partition as the Java client's default partitioner.
    Setting{"partitioner", "murmur2_random"},
    // Java's buffer.memory is 32 MB. librdkafka needs about the same amount again for its bookkeeping of small records.
    Setting{"queue.buffering.max.kbytes", "65536"},
    Setting{"queue.buffering.max.messages", "200000"},
};

/// Settings with the same meaning under two names: the Java client's name, librdkafka's name.
constexpr std::array kRenamed = {
    Setting{"fetch.max.wait.ms", "fetch.wait.max.ms"},
    Setting{"send.buffer.bytes", "socket.send.buffer.bytes"},
    Setting{"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    Setting{"max.request.size", "message.max.bytes"},
    Setting{"socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms"},
};

/// Settings that mean something only to the Java client.
constexpr std::array<std::string_view, 24> kIgnored = {
    "key.serializer",
    "value.serializer",
    "key.deserializer",
    "value.deserializer",
    "max.poll.records",  // a parameter of poll()
    "interceptor.classes",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "auto.include.jmx.reporter",
    "enable.metrics.push",
    "client.dns.lookup",
    "exclude.internal.topics",
    "retry.backoff.max.ms",
    "partitioner.class",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "partitioner.ignore.keys",
    "metadata.max.idle.ms",
    "metadata.recovery.strategy",
    "compression.gzip.level",
    "group.protocol",
    "internal.leave.group.on.close",
};

template <std::size_t N>
const Setting* find(const std::array<Setting, N>& settings, std::string_view name) {
  for (const auto& setting : settings) {
    if (setting.first == name) return &setting;
  }
  return nullptr;
}

/// For messages.
const char* name_of(ClientKind kind) {
  switch (kind) {
    case ClientKind::consumer: return "consumer";
    case ClientKind::producer: return "producer";
    case ClientKind::admin: return "admin";
  }
  return "";
}

/// Advice for Java's settings of keys and passwords that librdkafka wants in another form. Empty for other settings.
std::string hint_for(std::string_view key) {
  if (key == "sasl.jaas.config") return ": give sasl.username and sasl.password";
  if (key.starts_with("ssl.truststore")) return ": give ssl.ca.location, a PEM file";
  if (key.starts_with("ssl.keystore")) {
    return ": give ssl.keystore.location (PKCS#12), or ssl.certificate.location and ssl.key.location (PEM)";
  }
  return {};
}

/// The value as an error message may show it. Passwords and keys are hidden.
std::string shown(std::string_view key, const std::string& value) {
  for (const std::string_view secret : {"password", "jaas", "secret", ".pem", "oauthbearer.config"}) {
    if (key.find(secret) != std::string_view::npos) return "(hidden)";
  }
  return value;
}

/// What to write instead of an unknown setting: a hint, or the most similar known name.
std::string advice(const std::string& key) {
  if (auto hint = hint_for(key); !hint.empty()) return hint;
  Nearest nearest(key);
  for (const auto& [java, native] : kRenamed) nearest.consider(java);
  for (const auto ignored : kIgnored) nearest.consider(ignored);
  for (const char* const name : {"default.api.timeout.ms", "max.block.ms", "buffer.memory"}) nearest.consider(name);
  // Librdkafka does not list its second names, which are those of the Java client.
  for (const char* const name : {"acks", "bootstrap.servers", "compression.type", "delivery.timeout.ms", "linger.ms",
                                 "max.in.flight.requests.per.connection", "retries", "sasl.mechanism"}) {
    nearest.consider(name);
  }
  const ConfPtr conf(rd_kafka_conf_new());
  std::size_t count = 0;
  // The list alternates names and values.
  const char** const dump = rd_kafka_conf_dump(conf.get(), &count);
  for (std::size_t i = 0; i < count; i += 2) nearest.consider(dump[i]);
  rd_kafka_conf_dump_free(dump, count);
  return ": did you mean '" + nearest.best() + "'?";
}

/// Collects the settings of one client. set() may be called several times for the same key; the last value counts.
class Preparation {
 public:
  explicit Preparation(ClientKind kind) : kind_(kind) { result_.conf.reset(rd_kafka_conf_new()); }

  /// Applies one setting. Throws ConfigException if the key is unknown or the value is rejected.
  void set(std::string_view key, std::string_view value) {
    if (handle_here(key, value)) return;
    if (const auto* renamed = find(kRenamed, key)) key = renamed->second;
    const std::string name(key);
    const std::string text(java_value(key, value));
    char reason[256] = "";
    switch (rd_kafka_conf_set(result_.conf.get(), name.c_str(), text.c_str(), reason, sizeof reason)) {
      case RD_KAFKA_CONF_OK: return;
      case RD_KAFKA_CONF_UNKNOWN:
        throw ConfigException("unknown setting '" + name + "' (value '" + shown(name, text) + "') for a Kafka " +
                              name_of(kind_) + ": neither Kafka's Java client nor librdkafka " +
                              rd_kafka_version_str() + " has it" + advice(name));
      default:
        throw ConfigException("setting '" + name + "' of a Kafka " + name_of(kind_) + " cannot be '" +
                              shown(name, text) + "': " + reason + hint_for(key));
    }
  }

  template <std::size_t N>
  void set_all(const std::array<Setting, N>& settings) {
    for (const auto& [key, value] : settings) set(key, value);
  }

  /// Adds the settings that users cannot choose and returns the result. The object must not be used after this call.
  PreparedConfig finish() {
    if (kind_ == ClientKind::consumer) {
      rd_kafka_conf_set(result_.conf.get(), "partition.assignment.strategy", "cooperative-sticky", nullptr, 0);
      // librdkafka requires a group id even for a consumer that only calls assign(). Such a consumer never commits
      // offsets to this group.
      if (!result_.has_group) set("group.id", "millrace-no-group");
    }
    if (kind_ == ClientKind::producer) limit_delivery_time();
    // KafkaClient reads the answers of the transaction coordinator from these log lines. librdkafka writes a few such
    // lines per transaction; they are not logged.
    if (result_.transactional && !debug_given_) set("debug", "eos");
    return std::move(result_);
  }

 private:
  /// Handles settings that librdkafka does not get under this name. Returns false if librdkafka gets the setting as it
  /// is.
  bool handle_here(std::string_view key, std::string_view value) {
    if (key == "default.api.timeout.ms" || key == "max.block.ms") {
      result_.api_timeout = Millis(parse_ms(key, value));
      return true;
    }
    if (key == "max.poll.records" && parse_ms(key, value) == 0) {
      throw ConfigException("setting 'max.poll.records' of a Kafka consumer cannot be '0': give 1 or more");
    }
    for (const auto ignored : kIgnored) {
      if (key != ignored) continue;
      log(LogLevel::debug, "setting '" + std::string(key) + "' is the Java client's: ignored");
      return true;
    }
    if (kind_ != ClientKind::producer) {
      if (key == "enable.auto.commit" && value != "false") {
        throw ConfigException("setting 'enable.auto.commit' cannot be '" + std::string(value) +
                              "': offsets are committed together with the state, leave it out");
      }
      if (key == "partition.assignment.strategy") {
        if (value.find("ooperative") != std::string_view::npos) return true;  // Java's class name or librdkafka's name
        throw ConfigException("setting 'partition.assignment.strategy' cannot be '" + std::string(value) +
                              "': only cooperative-sticky is supported, leave it out");
      }
      if (key == "request.timeout.ms") {  // in librdkafka a setting of producers only
        set("socket.timeout.ms", value);
        return true;
      }
    } else if (key == "buffer.memory") {
      set("queue.buffering.max.kbytes", std::to_string(std::max<std::int64_t>(1, parse_ms(key, value) / 1024)));
      return true;
    }
    if (key == "transactional.id") result_.transactional = true;
    if (key == "delivery.timeout.ms" || key == "message.timeout.ms") delivery_time_given_ = true;
    if (key == "group.id") result_.has_group = true;
    if (key == "debug") debug_given_ = true;
    return false;
  }

  /// librdkafka's value for a value of the Java client.
  static std::string_view java_value(std::string_view key, std::string_view value) {
    if (key == "auto.offset.reset" && value == "none") return "error";
    return value;
  }

  /// Sets the delivery timeout to Java's default if the user gave none.
  /// In a transaction, also lowers the timeout to transaction.timeout.ms. librdkafka refuses a longer delivery timeout.
  /// The Java client accepts it.
  void limit_delivery_time() {
    if (!delivery_time_given_) set("message.timeout.ms", "120000");
    if (!result_.transactional) return;
    const auto longest = current("transaction.timeout.ms");
    if (std::stoll(current("message.timeout.ms")) > std::stoll(longest)) set("message.timeout.ms", longest);
  }

  /// The value that a setting has now.
  [[nodiscard]] std::string current(const char* key) const {
    char value[64] = "";
    std::size_t size = sizeof value;
    rd_kafka_conf_get(result_.conf.get(), key, value, &size);
    return value;
  }

  /// Parses a whole number of 0 or more (milliseconds or bytes). Throws ConfigException for anything else.
  [[nodiscard]] std::int64_t parse_ms(std::string_view key, std::string_view value) const {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < 0) {
      throw ConfigException("setting '" + std::string(key) + "' of a Kafka " + name_of(kind_) + " cannot be '" +
                            std::string(value) + "': give a whole number of 0 or more");
    }
    return number;
  }

  ClientKind kind_;
  bool delivery_time_given_ = false;
  bool debug_given_ = false;
  PreparedConfig result_;
};

}  // namespace

PreparedConfig prepare_config(ClientKind kind, const std::string& bootstrap_servers, const ClientConfig& common,
                              const ClientConfig& config) {
  Preparation preparation(kind);
  preparation.set_all(kDefaults);
  if (kind == ClientKind::consumer) preparation.set_all(kConsumerDefaults);
  if (kind == ClientKind::producer) preparation.set_all(kProducerDefaults);
  // The watermarks of an admin client are the ends of the log. Open transactions must not lower the high watermark.
  if (kind == ClientKind::admin) preparation.set("isolation.level", "read_uncommitted");
  // The caller's settings come after the defaults, so that they win.
  for (const auto& [key, value] : common) preparation.set(key, value);
  for (const auto& [key, value] : config) preparation.set(key, value);
  preparation.set("bootstrap.servers", bootstrap_servers);
  return preparation.finish();
}

}  // namespace millrace::detail::kafka

namespace millrace::detail {

void check_client_settings(ClientKind kind, const ClientConfig& common, const ClientConfig& config) {
  // The address has no meaning here: no client is made, so nothing connects.
  (void)kafka::prepare_config(kind, "localhost:9092", common, config);
}

}  // namespace millrace::detail
