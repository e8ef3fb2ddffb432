// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "broker/kafka/kafka_client.hpp"
#include "millrace/broker/producer.hpp"

namespace millrace::detail::kafka {

/// Producer over librdkafka. Keys are partitioned by librdkafka's murmur2_random, which is Java's default partitioner
/// bit for bit and always knows the current number of partitions; null keys stick to one partition for a while.
class KafkaProducer final : public Producer {
 public:
  KafkaProducer(const std::string& address, const ClientConfig& common, const ClientConfig& config,
                DeliveryListener* listener);
  ~KafkaProducer() override;

  void send(const ProducerRecord& record, std::uint64_t token) override;
  bool send_within(const ProducerRecord& record, std::uint64_t token, Millis timeout) override;
  bool try_send(const ProducerRecord& record, std::uint64_t token) override;
  void poll() override;
  void flush(Millis timeout) override;
  std::int32_t partitions_for(std::string_view topic) override;

  void init_transactions(Millis timeout) override;
  void begin_transaction() override;
  void send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                   const ConsumerGroupMetadata& group) override;
  void commit_transaction(Millis timeout) override;
  void abort_transaction(Millis timeout) override;

 private:
  struct Topic {
    TopicPtr handle;
    std::int32_t partitions = 0;
    std::chrono::steady_clock::time_point asked;
  };
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Topics = std::unordered_map<std::string, Topic, StringHash, std::equal_to<>>;

  void connect();
  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self);
  void delivered(const rd_kafka_message_t& message);
  /// Queues the record, or reports that it cannot be written. False: the queue is full.
  /// `report_patience`: see await_failed_record().
  bool enqueue(const ProducerRecord& record, std::uint64_t token, Millis report_patience);
  /// After a transaction has failed: serves delivery reports until the failed record was reported, for `patience` at
  /// most. 0: serves those that are there.
  void await_failed_record(Millis patience);
  void report_unsent(const ProducerRecord& record, std::uint64_t token, rd_kafka_resp_err_t code);
  /// The value of one of librdkafka's settings, for messages.
  [[nodiscard]] std::string setting(const char* name) const;
  Topic& topic(std::string_view name);
  /// Repeats a step of the transaction protocol while it fails with a retriable error, until the deadline.
  void transaction_step(const std::string& doing, Millis timeout, const std::function<rd_kafka_error_t*(int)>& step);

  std::string address_;
  ClientConfig common_;
  ClientConfig config_;
  DeliveryListener* listener_;
  bool transactional_;
  std::unique_ptr<KafkaClient> client_;
  /// A record of the transaction failed for good. Its sequence number is missing from the partition then, and
  /// librdkafka 2.0.2 stumbles over the gap in the next transaction: after the abort a new client takes over.
  bool record_failed_ = false;
  Topics topics_;
  /// Topics that were used last, by the address of the name that the caller passed; null: none. A task writes to
  /// several topics in turn, and comparing a name costs less than hashing it.
  std::array<Topics::value_type*, 16> recent_topics_{};
  unsigned sends_until_poll_ = 0;
};

}  // namespace millrace::detail::kafka
