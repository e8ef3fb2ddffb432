// SPDX-License-Identifier: Apache-2.0
#include "contract/embedded/embedded_fixture.hpp"

#include "broker/embedded/embedded_admin.hpp"
#include "broker/embedded/embedded_consumer.hpp"
#include "broker/embedded/embedded_producer.hpp"

namespace millrace::contract {
using namespace detail;

using namespace embedded;

void EmbeddedFixture::create(const std::string& topic, const std::map<std::string, std::string>& configs,
                             std::int32_t partitions) {
  NewTopic wanted;
  wanted.name = topic;
  wanted.partitions = partitions;
  wanted.configs = configs;
  admin()->create_topic(wanted, kPatience);
}

void EmbeddedFixture::write(const std::string& topic, const std::vector<ProducerRecord>& records) {
  const auto writer = producer();
  for (ProducerRecord record : records) {
    record.topic = topic;
    record.partition = 0;
    writer->send(record, 0);
  }
  writer->flush(kPatience);
}

void EmbeddedFixture::write(const std::string& topic, std::optional<std::string> key, std::optional<std::string> value,
                            Timestamp timestamp) {
  ProducerRecord record;
  record.key = key;
  record.value = value;
  record.timestamp = timestamp;
  write(topic, {record});
}

std::unique_ptr<Consumer> EmbeddedFixture::consumer(ClientConfig config) {
  config.insert({"auto.offset.reset", "earliest"});
  return std::make_unique<EmbeddedConsumer>(core, ConsumerSettings::parse(config));
}

std::unique_ptr<Producer> EmbeddedFixture::producer(ClientConfig config, DeliveryListener* listener) {
  return std::make_unique<EmbeddedProducer>(core, ProducerSettings::parse(config), listener);
}

std::unique_ptr<Admin> EmbeddedFixture::admin() { return std::make_unique<EmbeddedAdmin>(core); }

std::vector<std::string> EmbeddedFixture::contents(const std::string& topic, ClientConfig config) {
  const auto reader = consumer(std::move(config));
  const TopicPartition partition{topic, 0};
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  const std::int64_t end = reader->query_watermarks(partition, kPatience).high;
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position(partition).value_or(0) >= end; });
  std::vector<std::string> all;
  for (const Seen& record : seen) {
    all.push_back(std::to_string(record.offset) + ":" + record.key.value_or("-") + "=" + record.value.value_or("-"));
  }
  return all;
}

}  // namespace millrace::contract
