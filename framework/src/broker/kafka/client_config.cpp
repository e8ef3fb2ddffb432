#include "broker/kafka/client_config.hpp"

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::kafka {
namespace {

using Setting = std::pair<std::string_view, std::string_view>;

/// Where librdkafka's defaults differ from the Java client's, or stand in the way of what the engine needs.
constexpr std::array kDefaults = {
    Setting{"client.id", "millrace"},
    Setting{"reconnect.backoff.ms", "50"},
    Setting{"reconnect.backoff.max.ms", "1000"},
    Setting{"socket.nagle.disable", "true"},
    // A lost connection is told by the error callback.
    Setting{"log.connection.close", "false"},
};

constexpr std::array kConsumerDefaults = {
    Setting{"isolation.level", "read_uncommitted"},
    Setting{"enable.auto.commit", "false"},
    Setting{"enable.auto.offset.store", "false"},
    // current_lag() is 0 only when the broker said so: see PartitionQueue.
    Setting{"enable.partition.eof", "true"},
    // One fetch is under way per broker. While it waits for news of one partition nothing is read of the others, and
    // the end of a partition is only told when it returns.
    Setting{"fetch.wait.max.ms", "20"},
    Setting{"fetch.error.backoff.ms", "100"},
    // How long a topic that a broker does not know may yet turn up, before poll() says that it is missing.
    Setting{"topic.metadata.propagation.max.ms", "10000"},
    // Per partition, beside what one fetch brings. Small is enough, because PartitionQueue wakes the fetching thread.
    Setting{"queued.min.messages", "10000"},
    Setting{"queued.max.messages.kbytes", "4096"},
};

constexpr std::array kProducerDefaults = {
    Setting{"enable.idempotence", "true"},
    Setting{"partitioner", "murmur2_random"},
    // Java's buffer.memory is 32 MB; small records weigh as much again in librdkafka.
    Setting{"queue.buffering.max.kbytes", "65536"},
    Setting{"queue.buffering.max.messages", "200000"},
};

/// The Java client's name, librdkafka's name.
constexpr std::array kRenamed = {
    Setting{"fetch.max.wait.ms", "fetch.wait.max.ms"},
    Setting{"send.buffer.bytes", "socket.send.buffer.bytes"},
    Setting{"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    Setting{"max.request.size", "message.max.bytes"},
    Setting{"socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms"},
};

/// Means something to the Java client only.
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

const char* name_of(ClientKind kind) {
  switch (kind) {
    case ClientKind::consumer: return "consumer";
    case ClientKind::producer: return "producer";
    case ClientKind::admin: return "admin";
  }
  return "";
}

/// Java's settings for keys and passwords that librdkafka takes in another form.
std::string hint_for(std::string_view key) {
  if (key == "sasl.jaas.config") return ": give sasl.username and sasl.password";
  if (key.starts_with("ssl.truststore")) return ": give ssl.ca.location, a PEM file";
  if (key.starts_with("ssl.keystore")) {
    return ": give ssl.keystore.location (PKCS#12), or ssl.certificate.location and ssl.key.location (PEM)";
  }
  return {};
}

/// Passwords do not belong into messages.
std::string shown(std::string_view key, const std::string& value) {
  for (const std::string_view secret : {"password", "jaas", "secret", ".pem", "oauthbearer.config"}) {
    if (key.find(secret) != std::string_view::npos) return "(hidden)";
  }
  return value;
}

class Preparation {
 public:
  explicit Preparation(ClientKind kind) : kind_(kind) { result_.conf.reset(rd_kafka_conf_new()); }

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
                              rd_kafka_version_str() + " has it" + hint_for(key));
      default:
        throw ConfigException("setting '" + name + "' of a Kafka " + name_of(kind_) + " cannot be '" +
                              shown(name, text) + "': " + reason + hint_for(key));
    }
  }

  template <std::size_t N>
  void set_all(const std::array<Setting, N>& settings) {
    for (const auto& [key, value] : settings) set(key, value);
  }

  PreparedConfig finish() {
    if (kind_ == ClientKind::consumer) {
      rd_kafka_conf_set(result_.conf.get(), "partition.assignment.strategy", "cooperative-sticky", nullptr, 0);
      // librdkafka wants a group even from a consumer that only assigns; nothing is ever committed to this one.
      if (!result_.has_group) set("group.id", "millrace-no-group");
    }
    if (kind_ == ClientKind::producer) limit_delivery_time();
    return std::move(result_);
  }

 private:
  /// Settings that never reach librdkafka.
  bool handle_here(std::string_view key, std::string_view value) {
    if (key == "default.api.timeout.ms" || key == "max.block.ms") {
      result_.api_timeout = Millis(parse_ms(key, value));
      return true;
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
        if (value.find("ooperative") != std::string_view::npos) return true;  // Java's class or librdkafka's name
        throw ConfigException("setting 'partition.assignment.strategy' cannot be '" + std::string(value) +
                              "': only cooperative-sticky is supported, leave it out");
      }
      if (key == "request.timeout.ms") {  // a producer's setting in librdkafka
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
    return false;
  }

  static std::string_view java_value(std::string_view key, std::string_view value) {
    if (key == "auto.offset.reset" && value == "none") return "error";
    return value;
  }

  /// Java's default, and in a transaction no longer than that may take: librdkafka refuses more, Java does not mind.
  void limit_delivery_time() {
    if (!delivery_time_given_) set("message.timeout.ms", "120000");
    if (!result_.transactional) return;
    const auto longest = current("transaction.timeout.ms");
    if (std::stoll(current("message.timeout.ms")) > std::stoll(longest)) set("message.timeout.ms", longest);
  }

  [[nodiscard]] std::string current(const char* key) const {
    char value[64] = "";
    std::size_t size = sizeof value;
    rd_kafka_conf_get(result_.conf.get(), key, value, &size);
    return value;
  }

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
  PreparedConfig result_;
};

}  // namespace

PreparedConfig prepare_config(ClientKind kind, const std::string& bootstrap_servers, const ClientConfig& common,
                              const ClientConfig& config) {
  Preparation preparation(kind);
  preparation.set_all(kDefaults);
  if (kind == ClientKind::consumer) preparation.set_all(kConsumerDefaults);
  if (kind == ClientKind::producer) preparation.set_all(kProducerDefaults);
  // Watermarks of an admin client are the log's ends, open transactions or not.
  if (kind == ClientKind::admin) preparation.set("isolation.level", "read_uncommitted");
  for (const auto& [key, value] : common) preparation.set(key, value);
  for (const auto& [key, value] : config) preparation.set(key, value);
  preparation.set("bootstrap.servers", bootstrap_servers);
  return preparation.finish();
}

}  // namespace millrace::detail::kafka
