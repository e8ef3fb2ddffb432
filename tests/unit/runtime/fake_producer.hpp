// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"

namespace millrace {

/// What a FakeProducer does, and a record of its calls. Shared with the test.
struct ProducerScript {
  struct Sent {
    std::string topic;
    std::string key;
    std::string value;
    std::uint64_t token;
    std::optional<std::int32_t> partition;
  };

  std::vector<std::string> calls;  ///< calls of the transaction functions and of flush()
  std::vector<Sent> sent;
  /// The error of the next records. Empty: they are delivered.
  std::optional<BrokerException::Severity> refuse;
  std::int32_t refused_partition = 0;
  /// This many of the first calls to send_within() find no room.
  int attempts_without_room = 0;
  int attempts = 0;           ///< calls to send_within() so far
  bool spoiled = false;       ///< the transaction has failed: send() throws
  bool answers_late = false;  ///< reports arrive at the next flush() or commit_transaction(), not in send()
  /// This many of the next calls to commit_transaction() (or flush()) fail.
  int failing_commits = 0;
  BrokerException::Severity commit_severity = BrokerException::Severity::retriable;
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  std::int64_t next_offset = 100;
  std::int32_t partitions = 1;  ///< of every topic
  std::set<std::string, std::less<>> missing_topics = {};
  /// Called at the begin of send_offsets_to_transaction(), on its thread. Then reports arrive. Empty: none arrive.
  std::function<void()> in_offsets;
  std::atomic<int> ended{0};  ///< producers that were destroyed
};

class FakeProducer final : public Producer {
 public:
  FakeProducer(ProducerScript& script, DeliveryListener* listener) : script_(script), listener_(listener) {}
  ~FakeProducer() override { ++script_.ended; }

  void send(const ProducerRecord& record, std::uint64_t token) override {
    if (script_.spoiled) throw BrokerException(BrokerException::Severity::abortable, "the transaction has failed");
    script_.sent.push_back({std::string(record.topic), std::string(record.key.value_or("")),
                            std::string(record.value.value_or("")), token, record.partition});
    waiting_.push_back({std::string(record.topic), token, script_.refuse});
    if (!script_.answers_late) answer();
  }
  bool send_within(const ProducerRecord& record, std::uint64_t token, Millis) override {
    ++script_.attempts;
    if (script_.attempts <= script_.attempts_without_room) return false;
    send(record, token);
    return true;
  }
  bool try_send(const ProducerRecord& record, std::uint64_t token) override {
    send(record, token);
    return true;
  }
  void poll() override {}
  void flush(Millis) override {
    script_.calls.emplace_back("flush");
    answer();
    fail_if_told();
  }
  std::int32_t partitions_for(std::string_view topic) override {
    if (!script_.missing_topics.contains(topic)) return script_.partitions;
    throw UnknownTopicOrPartitionException(BrokerException::Severity::retriable, "no such topic");
  }
  void init_transactions(Millis) override { script_.calls.emplace_back("init"); }
  void begin_transaction() override { script_.calls.emplace_back("begin"); }
  void send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                   const ConsumerGroupMetadata&) override {
    if (script_.in_offsets) {
      script_.in_offsets();
      answer();
    }
    script_.calls.emplace_back("offsets");
    script_.offsets = offsets;
  }
  void commit_transaction(Millis) override {
    script_.calls.emplace_back("commit");
    answer();
    fail_if_told();
  }
  void abort_transaction(Millis) override { script_.calls.emplace_back("abort"); }

 private:
  struct Waiting {
    std::string topic;
    std::uint64_t token;
    std::optional<BrokerException::Severity> refused;
  };

  void answer() {
    for (const Waiting& record : std::exchange(waiting_, {})) {
      if (record.refused) {
        const BrokerException error(*record.refused, "refused");
        listener_->on_delivery({record.topic, script_.refused_partition, -1, &error, record.token});
      } else {
        listener_->on_delivery({record.topic, 0, script_.next_offset++, nullptr, record.token});
      }
    }
  }
  void fail_if_told() {
    if (script_.failing_commits == 0) return;
    --script_.failing_commits;
    throw BrokerException(script_.commit_severity, "not now");
  }

  ProducerScript& script_;
  DeliveryListener* listener_;
  std::vector<Waiting> waiting_;
};

/// A broker that only has producers.
class ProducerOnlyBroker final : public Broker {
 public:
  std::unique_ptr<Consumer> make_consumer(const ClientConfig&) override { return nullptr; }
  std::unique_ptr<Producer> make_producer(const ClientConfig&, DeliveryListener* listener) override {
    return std::make_unique<FakeProducer>(script, listener);
  }
  std::unique_ptr<Admin> make_admin() override { return nullptr; }
  std::string address() const override { return "nowhere"; }

  ProducerScript script;
};

}  // namespace millrace
