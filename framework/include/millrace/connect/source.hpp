// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace::connect {

/// What a source can do after a crash, and so what the runner guarantees.
enum class SourceKind {
  /// Each record has a position, from which the source can go on: files, tables, sequence numbers. The runner commits
  /// records and position in one transaction. Each record is in the topic exactly once, for consumers with
  /// isolation.level=read_committed.
  replayable,
  /// The far side repeats what was not acknowledged: MQTT, queues. The runner acknowledges a record after the broker
  /// has
  /// it. Each record is in the topic at least once, and in order.
  acknowledged,
  /// What nobody reads is lost: WebSocket feeds. Each record that was read is in the topic once. The source reports
  /// gaps. A crash loses what was read and not yet written, at most a batch.
  live,
};

/// The place in a replayable source up to which records were read. The meaning is the source's own. The runner stores
/// it as a committed offset: `number` as the offset, `text` as its metadata.
struct SourcePosition {
  std::int64_t number = 0;  ///< not negative; usually the number of records before this position
  std::string text;         ///< at most 4096 bytes, unless the broker's offset.metadata.max.bytes says otherwise

  bool operator==(const SourcePosition&) const = default;
};

/// A record that a source has read, or something that is none. (Kafka Connect: `SourceRecord`.)
struct SourceRecord {
  std::string topic = {};                      ///< empty: the topic of the runner (`--to`)
  std::optional<std::int32_t> partition = {};  ///< unset: the default partitioner decides by the key
  std::optional<std::string> key = {};         ///< unset: null
  std::optional<std::string> value = {};       ///< unset: null
  std::optional<Timestamp> timestamp = {};     ///< ms since the epoch; unset: the time of sending
  Headers headers = {};
  /// For a replayable source: the position behind this record. Unset: the source cannot go on between this record and
  /// the next one, so both are in the same transaction.
  std::optional<SourcePosition> position = {};
  /// Not empty: the source could not understand what it read. Says what is wrong, where, and what to do. The runner
  /// logs it, counts it, and writes key and value to the dead-letter topic, if there is one.
  std::string error = {};
};

/// What the runner offers to a source. Valid from open() to close(). Used on the thread that calls the source, but for
/// stop().
class SourceContext {
 public:
  virtual ~SourceContext() = default;

  /// The position behind the last committed record; nullopt: the source has never run. For replayable sources.
  [[nodiscard]] virtual const std::optional<SourcePosition>& position() const = 0;

  /// Is requested when the program must end. open() and poll() then return soon. Any thread.
  [[nodiscard]] virtual std::stop_token stop() const = 0;

  /// A live source was not connected between these times (ms since the epoch), so records may be missing. `why` ended
  /// the connection. Logged as a warning and counted.
  virtual void report_gap(Timestamp from, Timestamp until, std::string_view why) = 0;

  /// Something that a user must know and that is no record: a message of the far side, for example. Logged as a
  /// warning, at most a few per second, and counted.
  virtual void warn(std::string_view message) = 0;
};

/// Reads records from outside of Kafka. Derive a class from it, and give it to run_source(). (Kafka Connect:
/// `SourceConnector` and `SourceTask` in one.)
///
/// Threads  the runner calls all functions on one thread. A source may have threads of its own; a connect::BoundedQueue
///          then leads from them to poll().
/// Errors   RetriableException: the far side does not answer at present. The runner calls close(), waits, and calls
///          open() again. The waits begin with `retry.backoff.ms` and grow, with jitter, up to
///          `millrace.connector.retry.delay.max.ms`. Every other exception ends the program. What is wrong with one
///          record is no exception: see SourceRecord::error.
class Source {
 public:
  virtual ~Source() = default;

  [[nodiscard]] virtual SourceKind kind() const = 0;

  /// The far side, for messages: an address without passwords.
  [[nodiscard]] virtual std::string name() const = 0;

  /// Connects, and goes on behind context.position(). Is called first, and again after each RetriableException.
  virtual void open(SourceContext& context) = 0;

  /// Appends at most `max_records` records. Waits up to `timeout` for the first one, and not for further ones. Returns
  /// false at the end of a source that has one. Records that a call appends before it throws are dropped.
  ///
  /// The runner does not call this function while the broker takes no records. So a source that is called by others
  /// must stop reading when its queue is full.
  [[nodiscard]] virtual bool poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) = 0;

  /// The broker has these many further records, in the order of poll(), with those that had an error. Counted from the
  /// last open(). An acknowledged source tells its far side.
  virtual void acknowledge(std::size_t records) { (void)records; }

  /// Disconnects. Called after open(), even if open() failed. Must not throw.
  virtual void close() noexcept {}
};

}  // namespace millrace::connect
