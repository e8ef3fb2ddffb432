// SPDX-License-Identifier: Apache-2.0
#include "integration/runtime/more_partitions.hpp"

#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace millrace::runtime_test {
namespace {

void check(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("cannot raise the number of partitions: " + what);
}

}  // namespace

void raise_partitions(const std::string& topic, std::int32_t partitions) {
  char reason[512] = "";
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const char* address = std::getenv("MILLRACE_TEST_KAFKA");
  check(address != nullptr, "MILLRACE_TEST_KAFKA is not set");
  rd_kafka_conf_set(conf, "bootstrap.servers", address, reason, sizeof reason);
  const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason), rd_kafka_destroy);
  check(client != nullptr, reason);
  const std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> answers(rd_kafka_queue_new(client.get()),
                                                                                     rd_kafka_queue_destroy);
  rd_kafka_NewPartitions_t* wanted =
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(partitions), reason, sizeof reason);
  check(wanted != nullptr, reason);
  rd_kafka_CreatePartitions(client.get(), &wanted, 1, nullptr, answers.get());
  rd_kafka_NewPartitions_destroy(wanted);
  const std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)> answer(
      rd_kafka_queue_poll(answers.get(), 60'000), rd_kafka_event_destroy);
  check(answer != nullptr, "no answer");
  check(rd_kafka_event_error(answer.get()) == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_event_error_string(answer.get()));
  std::size_t count = 0;
  const auto* topics =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(answer.get()), &count);
  check(count == 1 && rd_kafka_topic_result_error(topics[0]) == RD_KAFKA_RESP_ERR_NO_ERROR, topic);
}

}  // namespace millrace::runtime_test
