// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/broker/producer.hpp"

namespace millrace {

/// Settings of a client, by Kafka's names (`group.id`, `isolation.level`, `transactional.id`...). On Kafka, every
/// setting that librdkafka knows is passed through; an unknown name is a ConfigException. The embedded broker applies
/// the settings that it supports and ignores the others.
using ClientConfig = std::map<std::string, std::string>;

/// What opening an embedded broker does if the directory has none.
enum class IfMissing {
  create,  ///< makes a new, empty one, and its directory
  fail,    ///< throws ConfigException. For programs that only read: a directory made by a typing error helps nobody
};

/// For what an embedded broker is opened, and what happens if another process has its directory open.
enum class IfInUse {
  fail,  ///< opens it for writing; throws LockException if it is in use for about a second
  /// Opens it for reading only, in use or not, and keeps nobody from writing. Topics, records and committed offsets can
  /// be read. They follow the other process: all its writes up to one of them, each of them whole, usually those up to
  /// 100 ms ago, at worst those up to a few seconds ago. Everything that writes throws a fatal BrokerException:
  /// producers, subscriptions, commits, changes of topics. If nobody has the directory open, transactions that a crash
  /// has left are ended first. A directory without a broker is made, unless IfMissing says otherwise, and is then open
  /// for writing.
  read_only,
};

/// The place where records are stored: Apache Kafka, or the embedded durable log. Makes clients.
///
/// Threads   thread-safe
/// Lifetime  a client keeps everything alive that it needs; it may outlive the Broker
class Broker {
 public:
  virtual ~Broker() = default;

  /// Makes a client. The caller owns it. Does not wait for a connection. Throws ConfigException for unusable settings.
  [[nodiscard]] virtual std::unique_ptr<Consumer> make_consumer(const ClientConfig& config) = 0;
  /// `listener` gets the result of each record; null: the results are dropped. It must outlive the producer.
  [[nodiscard]] virtual std::unique_ptr<Producer> make_producer(const ClientConfig& config,
                                                                DeliveryListener* listener = nullptr) = 0;
  [[nodiscard]] virtual std::unique_ptr<Admin> make_admin() = 0;

  /// The address for messages: `localhost:9092` or `embedded:DIR`.
  [[nodiscard]] virtual std::string address() const = 0;

  /// Apache Kafka through librdkafka. Does not connect; the first call of a client does. `common` applies to all
  /// clients, for example security settings.
  [[nodiscard]] static std::shared_ptr<Broker> kafka(const std::string& bootstrap_servers,
                                                     const ClientConfig& common = {});

  /// The embedded broker in `directory`. Within one process, calls with the same directory share one broker. Throws
  /// LockException if another process has the directory open, unless `if_in_use` says otherwise.
  [[nodiscard]] static std::shared_ptr<Broker> embedded(const std::string& directory,
                                                        IfMissing if_missing = IfMissing::create,
                                                        IfInUse if_in_use = IfInUse::fail);
};

}  // namespace millrace
