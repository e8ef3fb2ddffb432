#pragma once

#include <map>
#include <memory>
#include <string>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/broker/producer.hpp"

namespace millrace {

/// Client settings by their Kafka names (`group.id`, `isolation.level`, `transactional.id`...). On Kafka anything
/// that librdkafka knows passes through; the embedded broker obeys those that mean something to it and ignores
/// the others.
using ClientConfig = std::map<std::string, std::string>;

/// Where records live: Apache Kafka, or an embedded durable log. Makes clients; thread-safe.
/// The clients keep what they need of it alive.
class Broker {
 public:
  virtual ~Broker() = default;

  [[nodiscard]] virtual std::unique_ptr<Consumer> make_consumer(const ClientConfig& config) = 0;
  [[nodiscard]] virtual std::unique_ptr<Producer> make_producer(const ClientConfig& config,
                                                                DeliveryListener* listener = nullptr) = 0;
  [[nodiscard]] virtual std::unique_ptr<Admin> make_admin() = 0;

  /// `localhost:9092` or `embedded:DIR`, for messages.
  [[nodiscard]] virtual std::string address() const = 0;

  /// Apache Kafka through librdkafka. Does not connect yet: the first call on a client does.
  /// `common` applies to every client made (security settings and the like).
  [[nodiscard]] static std::shared_ptr<Broker> kafka(const std::string& bootstrap_servers,
                                                     const ClientConfig& common = {});

  /// The embedded broker in `directory`, made if missing. Throws LockException when another process has it open;
  /// within one process, calls with the same directory share one broker.
  [[nodiscard]] static std::shared_ptr<Broker> embedded(const std::string& directory);
};

}  // namespace millrace
