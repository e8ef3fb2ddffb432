// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/bytes.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// A record to be written. All views are copied by send().
struct ProducerRecord {
  std::string_view topic;
  /// Unset: murmur2 of the key as Java's default partitioner does, any partition for a null key.
  std::optional<std::int32_t> partition;
  BytesView key;
  BytesView value;
  /// Unset: wall-clock time at send.
  std::optional<Timestamp> timestamp;
  const Headers* headers = nullptr;  ///< null: none
};

/// What became of a record that was sent.
struct Delivery {
  std::string_view topic;
  std::int32_t partition = -1;
  std::int64_t offset = -1;  ///< valid if error is null
  /// Valid during the call. An UnknownTopicOrPartitionException if the topic does not exist any more.
  const BrokerException* error = nullptr;
  std::uint64_t token = 0;  ///< as given to send()
  /// The timestamp that the broker has stored, in ms since the epoch; valid if error is null. kNoTimestamp: the one
  /// that was sent. It is the broker's time if the topic has message.timestamp.type=LogAppendTime.
  Timestamp timestamp = kNoTimestamp;
};

/// Told about each record's fate, in order per partition. Called inside send(), poll(), flush() and
/// commit_transaction() on the producer's thread, never from another one.
class DeliveryListener {
 public:
  virtual ~DeliveryListener() = default;
  virtual void on_delivery(const Delivery& delivery) = 0;
};

/// Writes records. Used by one thread at a time. (Kafka: `Producer`.)
///
/// Errors: BrokerException with its severity; a record's own failure goes to the DeliveryListener.
class Producer {
 public:
  virtual ~Producer() = default;

  /// Queues a record; waits (serving delivery reports) while the queue is full. `token` comes back in Delivery.
  ///
  /// If a record of a transaction fails, later calls of this function and of the transaction functions throw an
  /// abortable BrokerException. The delivery report of the failed record comes before this exception. The other records
  /// of the transaction may get no report.
  virtual void send(const ProducerRecord& record, std::uint64_t token = 0) = 0;

  /// As send(), but waits for room for `timeout` at most. Returns false if there is no room by then; nothing was done.
  /// This implementation is for producers whose send() never waits.
  [[nodiscard]] virtual bool send_within(const ProducerRecord& record, std::uint64_t token, Millis timeout) {
    (void)timeout;
    send(record, token);
    return true;
  }

  /// As send(), but never waits: false if there is no room for the record right now. Then nothing was done, and the
  /// caller tries again after some time and after poll(). For threads that must not block, such as those of an I/O
  /// loop.
  [[nodiscard]] virtual bool try_send(const ProducerRecord& record, std::uint64_t token = 0) = 0;

  /// Serves delivery reports without waiting.
  virtual void poll() = 0;

  /// Waits until every queued record was delivered or failed. Throws a retriable BrokerException after `timeout`.
  virtual void flush(Millis timeout) = 0;

  /// Number of partitions of a topic, cached. Throws if the topic does not exist.
  [[nodiscard]] virtual std::int32_t partitions_for(std::string_view topic) = 0;

  // Transactions: only with `transactional.id` set. Records sent between begin and commit become visible to
  // read_committed consumers all together or never.

  /// Fences earlier producers with the same transactional.id and ends what they left open.
  virtual void init_transactions(Millis timeout) = 0;
  virtual void begin_transaction() = 0;
  virtual void send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                           const ConsumerGroupMetadata& group) = 0;
  /// Flushes, then commits.
  virtual void commit_transaction(Millis timeout) = 0;
  virtual void abort_transaction(Millis timeout) = 0;
};

}  // namespace millrace
