// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connect/source_metrics.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/connect/source.hpp"
#include "millrace/connect/source_runner.hpp"

namespace millrace::connect::detail {

/// What both writers need. The members outlive the writer.
struct WriterEnvironment {
  Broker& broker;
  const SourceSettings& settings;
  SourceMetrics& metrics;
  std::string source;             ///< its name, for messages
  std::string dead_letter_topic;  ///< empty: none

  /// Logs and counts a record that is not written to its topic.
  void reject(const SourceRecord& record, const std::string& reason) const;
  /// The record for the dead-letter topic.
  [[nodiscard]] SourceRecord dead_letter(SourceRecord record, const std::string& reason) const;
  /// Where the record goes.
  [[nodiscard]] const std::string& topic_of(const SourceRecord& record) const {
    return record.topic.empty() ? settings.topic : record.topic;
  }
  [[nodiscard]] ClientConfig producer_settings() const { return settings.config.client_settings("producer"); }
};

/// Writes the records of a source to the broker. Used by the thread of the runner.
///
/// Errors  BrokerException that is fenced or fatal. Retriable ones are retried inside, until `stop`.
class SourceWriter {
 public:
  virtual ~SourceWriter() = default;

  /// Before the source is opened, and again before each time that it is reopened.
  virtual void begin(const std::stop_token& stop) = 0;
  /// The position behind the last committed record.
  [[nodiscard]] virtual const std::optional<SourcePosition>& position() const = 0;
  /// Takes the records. Returns when there is room for more; the records need not be written yet.
  virtual void write(std::vector<SourceRecord> records, const std::stop_token& stop) = 0;
  /// The number of records since begin() that are in the broker, or are rejected, with all records before them.
  [[nodiscard]] virtual std::size_t done() = 0;
  /// True if records wait for their delivery report, so done() should be asked soon.
  [[nodiscard]] virtual bool busy() const = 0;
  /// Waits for the records that are under way. Returns false if `stop` was requested and they are not written
  /// `patience` later.
  [[nodiscard]] virtual bool finish(const std::stop_token& stop, Millis patience) = 0;
};

/// For replayable sources: records and position in transactions.
[[nodiscard]] std::unique_ptr<SourceWriter> make_transactional_writer(const WriterEnvironment& environment);
/// For other sources: idempotent, in the order of the records.
[[nodiscard]] std::unique_ptr<SourceWriter> make_streaming_writer(const WriterEnvironment& environment,
                                                                  SourceKind kind);

}  // namespace millrace::connect::detail
