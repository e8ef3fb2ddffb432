// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "kafka/kafka_tools.hpp"
#include "millrace/common/errors.hpp"
#include "support/captured_stderr.hpp"

using namespace millrace;
using namespace millrace::kafka_test;

namespace {

/// The Kafka server that MILLRACE_TEST_KAFKA names.
struct Server {
  Server() {
    const char* address = std::getenv("MILLRACE_TEST_KAFKA");
    if (address == nullptr || *address == '\0') {
      throw std::runtime_error(
          "MILLRACE_TEST_KAFKA is not set: start a Kafka (scripts/servers.sh start kafka) and set it to HOST:PORT");
    }
    broker = Broker::kafka(address);
  }

  [[nodiscard]] std::unique_ptr<Producer> transactional() const {
    auto producer = broker->make_producer({{"transactional.id", unique("tx")}});
    producer->init_transactions(kPatience);
    return producer;
  }

  static void send(Producer& producer, const std::string& topic, int count) {
    for (int i = 0; i < count; ++i) {
      producer.send({.topic = topic, .partition = 0, .key = {}, .value = "v", .timestamp = {}});
    }
  }

  /// Reads one record at a time. Checks after each poll that the lag is 0 at offset `end` and nowhere else.
  void lag_is_zero_only_at(const std::string& topic, const std::string& isolation, std::int64_t end) const {
    const TopicPartition partition{topic, 0};
    const auto consumer = broker->make_consumer({{"isolation.level", isolation}});
    consumer->assign({{partition, Consumer::kOffsetBeginning}});
    BOOST_CHECK(!consumer->current_lag(partition));
    poll_until(*consumer, 1, [&](const auto&) {
      const auto lag = consumer->current_lag(partition);
      const auto position = consumer->position(partition);
      if (lag == 0) BOOST_REQUIRE_EQUAL(position.value(), end);
      return position == end && lag == 0;
    });
  }

  std::shared_ptr<Broker> broker;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KafkaServer, Server)

BOOST_AUTO_TEST_CASE(lag_is_zero_at_the_end_of_plain_records_only) {
  const auto topic = new_topic(*broker);
  const auto producer = broker->make_producer({});
  send(*producer, topic, 300);
  producer->flush(kPatience);
  lag_is_zero_only_at(topic, "read_uncommitted", 300);
  lag_is_zero_only_at(topic, "read_committed", 300);
}

BOOST_AUTO_TEST_CASE(lag_is_zero_behind_the_marker_of_the_last_transaction_only) {
  const auto topic = new_topic(*broker);
  const auto producer = transactional();
  std::int64_t end = 0;
  for (const bool commit : {true, false, true, false}) {
    producer->begin_transaction();
    send(*producer, topic, 50);
    producer->flush(kPatience);
    commit ? producer->commit_transaction(kPatience) : producer->abort_transaction(kPatience);
    end += 51;
    lag_is_zero_only_at(topic, "read_committed", end);
    lag_is_zero_only_at(topic, "read_uncommitted", end);
  }
}

BOOST_AUTO_TEST_CASE(lag_is_zero_in_front_of_an_open_transaction_under_read_committed) {
  const auto topic = new_topic(*broker);
  const auto producer = transactional();
  producer->begin_transaction();
  send(*producer, topic, 50);
  producer->commit_transaction(kPatience);
  producer->begin_transaction();
  send(*producer, topic, 50);
  producer->flush(kPatience);
  lag_is_zero_only_at(topic, "read_committed", 51);
  lag_is_zero_only_at(topic, "read_uncommitted", 101);
  producer->abort_transaction(kPatience);
  lag_is_zero_only_at(topic, "read_committed", 102);
}

BOOST_AUTO_TEST_CASE(lag_grows_again_when_records_come) {
  const auto topic = new_topic(*broker);
  const TopicPartition partition{topic, 0};
  const auto consumer = broker->make_consumer({});
  const auto producer = broker->make_producer({});
  consumer->assign({{partition, 0}});
  for (int round = 1; round <= 5; ++round) {
    send(*producer, topic, 10);
    producer->flush(kPatience);
    // Poll one record at a time: the lag counts the other records as soon as the first has arrived.
    poll_until(*consumer, 1, [&](const auto& records) { return !records.empty(); });
    BOOST_CHECK(consumer->current_lag(partition).value_or(0) > 0);
    poll_until(*consumer, 1, [&](const auto&) { return consumer->current_lag(partition) == 0; });
    BOOST_CHECK_EQUAL(consumer->position(partition).value(), round * 10);
  }
}

BOOST_AUTO_TEST_CASE(looking_at_the_lag_loses_no_record) {
  const auto topic = new_topic(*broker);
  const TopicPartition partition{topic, 0};
  const auto producer = broker->make_producer({});
  send(*producer, topic, 1000);
  producer->flush(kPatience);
  const auto consumer = broker->make_consumer({});
  consumer->assign({{partition, 0}});
  std::int64_t expected = 0;
  const auto read_until = [&](std::int64_t end) {
    poll_until(*consumer, 7, [&](const auto& records) {
      for (const auto& record : records) BOOST_REQUIRE_EQUAL(record.offset, expected++);
      (void)consumer->current_lag(partition);
      BOOST_CHECK_EQUAL(consumer->position(partition).value(), expected);
      return expected >= end;
    });
  };
  read_until(500);
  expected = 100;
  consumer->seek(partition, expected);
  read_until(1000);
}

BOOST_AUTO_TEST_CASE(records_keep_their_bytes_after_their_consumer_is_gone) {
  const auto topic = new_topic(*broker);
  const auto producer = broker->make_producer({});
  send(*producer, topic, 100);
  producer->flush(kPatience);
  auto consumer = broker->make_consumer({});
  consumer->assign({{{topic, 0}, 0}});
  std::vector<ConsumerRecord> records;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (records.size() < 100 && std::chrono::steady_clock::now() < deadline) {
    consumer->poll(records, 100 - records.size(), Millis{100});
  }
  BOOST_REQUIRE_EQUAL(records.size(), 100U);
  consumer.reset();
  for (const auto& record : records) BOOST_CHECK(record.value == "v");
}

BOOST_AUTO_TEST_CASE(large_records_pass_if_producer_and_topic_allow_them) {
  const auto topic = new_topic(*broker, {{"max.message.bytes", "20000000"}});
  const std::string large(10 << 20, 'x');
  const auto producer = broker->make_producer({{"max.request.size", "20000000"}});
  for (int i = 0; i < 3; ++i) {
    producer->send({.topic = topic, .partition = 0, .key = {}, .value = large, .timestamp = {}});
  }
  producer->flush(kPatience);
  const auto consumer = broker->make_consumer({});
  consumer->assign({{{topic, 0}, 0}});
  int seen = 0;
  poll_until(*consumer, 10, [&](const auto& records) {
    for (const auto& record : records) {
      BOOST_CHECK(record.value == large);
      ++seen;
    }
    return seen == 3;
  });
}

BOOST_AUTO_TEST_CASE(a_batch_that_is_larger_than_an_answer_may_be_names_the_setting) {
  const CapturedStderr log;
  const auto topic = new_topic(*broker);
  const std::string large(100'000, 'x');
  const auto producer = broker->make_producer({});
  producer->send({.topic = topic, .partition = 0, .key = {}, .value = large, .timestamp = {}});
  producer->flush(kPatience);
  const auto consumer = broker->make_consumer({{"receive.message.max.bytes", "10000"},
                                               {"fetch.max.bytes", "2000"},
                                               {"fetch.message.max.bytes", "1000"},
                                               {"message.max.bytes", "1000"}});
  consumer->assign({{{topic, 0}, 0}});
  poll_until(*consumer, 10, [&](const auto& records) {
    BOOST_REQUIRE(records.empty());
    return log.text().find("raise consumer.receive.message.max.bytes") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(refused_records_are_reported_with_size_and_limit) {
  struct Failures : DeliveryListener {
    void on_delivery(const Delivery& delivery) override {
      if (delivery.error != nullptr) text = delivery.error->what();
    }
    std::string text;
  };
  const auto topic = new_topic(*broker, {{"max.message.bytes", "5000"}});
  const std::string large(100'000, 'x');
  const ProducerRecord record{.topic = topic, .partition = 0, .key = "k", .value = large, .timestamp = {}};
  const auto says = [](const std::string& text, const std::string& part) {
    BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
  };
  {
    Failures failures;
    const auto producer = broker->make_producer({{"max.request.size", "50000"}}, &failures);
    producer->send(record);
    says(failures.text, "a record of 100001 bytes is larger");
    says(failures.text, "producer.max.request.size: 50000 bytes");
  }
  Failures failures;
  const auto producer = broker->make_producer({{"batch.size", "200000"}}, &failures);
  producer->send(record);
  producer->flush(kPatience);
  says(failures.text, "a record of 100001 bytes");
  says(failures.text, "max.message.bytes");
  says(failures.text, "up to 200000 bytes (producer.batch.size)");
}

BOOST_AUTO_TEST_CASE(a_full_queue_makes_send_wait_and_loses_nothing) {
  struct Count : DeliveryListener {
    void on_delivery(const Delivery& delivery) override {
      BOOST_CHECK(delivery.error == nullptr);
      BOOST_CHECK_EQUAL(delivery.token, static_cast<std::uint64_t>(delivered++));
    }
    int delivered = 0;
  } count;
  const auto topic = new_topic(*broker);
  const auto producer = broker->make_producer({{"queue.buffering.max.messages", "100"}}, &count);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    producer->send({.topic = topic, .partition = 0, .key = {}, .value = "v", .timestamp = {}}, i);
  }
  producer->flush(kPatience);
  BOOST_CHECK_EQUAL(count.delivered, 20'000);
}

BOOST_AUTO_TEST_CASE(exceptions_of_a_listener_reach_the_caller) {
  struct Thrower : DeliveryListener {
    void on_delivery(const Delivery&) override { throw std::logic_error("from the listener"); }
  } thrower;
  const auto topic = new_topic(*broker);
  const auto producer = broker->make_producer({}, &thrower);
  send(*producer, topic, 1);
  BOOST_CHECK_THROW(producer->flush(kPatience), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
