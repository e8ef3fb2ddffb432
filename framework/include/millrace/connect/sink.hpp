// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/broker/topic_partition.hpp"

namespace millrace::connect {

/// What the runner offers to a sink. Valid from open() to close(). Used on the thread that calls the sink, but for
/// stop().
class SinkContext {
 public:
  virtual ~SinkContext() = default;

  /// Is requested when the program must end. The sink then returns soon; it may throw RetriableException. Any thread.
  [[nodiscard]] virtual std::stop_token stop() const = 0;

  /// The far side refuses this record for good. The runner logs it, counts it, and writes it to the dead-letter topic,
  /// if there is one, before it commits the record's offset. `reason` says what is wrong and what to do. Call it inside
  /// put() or flush(), with a record that is not committed yet: of the present batch, or one that the sink has held
  /// back.
  virtual void reject(const ConsumerRecord& record, std::string_view reason) = 0;
};

/// Writes records to a place outside of Kafka. Derive a class from it, and give it to run_sink(). (Kafka Connect:
/// `SinkConnector` and `SinkTask` in one.)
///
/// Several processes with the same application.id share the partitions. A record comes again if a process ends before
/// its offset was committed. So the far side must be able to tell: either by the record's topic, partition and offset,
/// or because it stores the offsets in its own transaction (see positions()).
///
/// Threads  the runner calls all functions on one thread
/// Errors   RetriableException: the far side does not answer at present. The runner calls close(), waits, calls open()
///          again, and gives all records again that are not committed. The waits grow, with jitter, up to
///          `millrace.connector.retry.delay.max.ms`. The process stays in its group meanwhile. Every other exception
///          ends the program.
class Sink {
 public:
  virtual ~Sink() = default;

  /// The far side, for messages: an address without passwords.
  [[nodiscard]] virtual std::string name() const = 0;

  /// Connects. Is called first, and again after each RetriableException.
  virtual void open(SinkContext& context) = 0;

  /// For a far side that stores offsets together with the records: the next offset to write of each of these
  /// partitions, which are new to this process. A partition that is absent goes on at the group's committed offset.
  [[nodiscard]] virtual std::map<TopicPartition, std::int64_t> positions(
      const std::vector<TopicPartition>& partitions) {
    (void)partitions;
    return {};
  }

  /// Writes records. Those of one partition come in the order of their offsets. The records live until flush() returns.
  /// While none come, the runner calls put() without records and flush() about once per second, for sinks that hold
  /// records back.
  virtual void put(std::span<const ConsumerRecord> records) = 0;

  /// Returns when the far side has for good what the sink does not hold back.
  virtual void flush() {}

  /// The offsets to commit, after flush(). `offsets`: the next offset behind the records of put(), for each partition
  /// with records that are not committed. A sink that holds records back returns smaller offsets, or leaves partitions
  /// out. The records from there on come again after a crash, a RetriableException, or when the partition moves. (Kafka
  /// Connect: `preCommit`.)
  [[nodiscard]] virtual std::map<TopicPartition, std::int64_t> committable(
      std::map<TopicPartition, std::int64_t> offsets) {
    return offsets;
  }

  /// These partitions go to another process after this call. A sink drops what it holds back of them, or writes it;
  /// committable() is then asked once more. `lost`: another process may have them already, so nothing may be written.
  virtual void revoked(const std::vector<TopicPartition>& partitions, bool lost) {
    (void)partitions;
    (void)lost;
  }

  /// Disconnects. Called after open(), even if open() failed. Must not throw.
  virtual void close() noexcept {}
};

}  // namespace millrace::connect
