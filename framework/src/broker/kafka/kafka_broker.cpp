// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "broker/kafka/kafka_admin.hpp"
#include "broker/kafka/kafka_consumer.hpp"
#include "broker/kafka/kafka_producer.hpp"
#include "millrace/broker/broker.hpp"

namespace millrace {
namespace {

/// Makes clients of one cluster. Holds only settings and no connection, so all calls are thread-safe. Clients do not
/// refer to this object.
class KafkaBroker final : public Broker {
 public:
  KafkaBroker(std::string bootstrap_servers, ClientConfig common)
      : bootstrap_servers_(std::move(bootstrap_servers)), common_(std::move(common)) {}

  std::unique_ptr<Consumer> make_consumer(const ClientConfig& config) override {
    return std::make_unique<detail::kafka::KafkaConsumer>(bootstrap_servers_, common_, config);
  }

  std::unique_ptr<Producer> make_producer(const ClientConfig& config, DeliveryListener* listener) override {
    return std::make_unique<detail::kafka::KafkaProducer>(bootstrap_servers_, common_, config, listener);
  }

  std::unique_ptr<Admin> make_admin() override {
    return std::make_unique<detail::kafka::KafkaAdmin>(bootstrap_servers_, common_);
  }

  std::string address() const override { return bootstrap_servers_; }

 private:
  std::string bootstrap_servers_;
  ClientConfig common_;
};

}  // namespace

std::shared_ptr<Broker> Broker::kafka(const std::string& bootstrap_servers, const ClientConfig& common) {
  return std::make_shared<KafkaBroker>(bootstrap_servers, common);
}

}  // namespace millrace
