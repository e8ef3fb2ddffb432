// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/connect/source.hpp"
#include "millrace/metrics/metric.hpp"

namespace millrace::connect {

/// What a source runner has done so far.
struct SourceCounters {
  std::uint64_t polled = 0;        ///< records that the source gave, with those that had an error
  std::uint64_t written = 0;       ///< records that the broker has
  std::uint64_t rejected = 0;      ///< records with an error, and records that the broker refused
  std::uint64_t dead_letters = 0;  ///< those of `rejected` that were written to the dead-letter topic
  std::uint64_t retries = 0;       ///< how often the source was opened again
  std::uint64_t gaps = 0;          ///< SourceContext::report_gap()
  std::uint64_t warnings = 0;      ///< SourceContext::warn()
  bool ended = false;              ///< the source has said that it has no more records, and all of them are written
};

/// Settings of a SourceRunner.
struct SourceSettings {
  /// Names the program: the transactional.id of a replayable source, and the group under which its position is stored.
  /// A second runner with the same id on the same broker stops the first one, if the source is replayable.
  std::string id;
  /// Where records without a topic of their own go. For a replayable source also the topic, with partition 0, whose
  /// committed offset is the position.
  std::string topic;
  StreamsConfig config = {};     ///< `producer.` settings, errors.dead.letter.queue.topic.name
  std::size_t max_batch = 2000;  ///< the largest number of records per poll and per transaction
  /// Called after records were written, on the thread of run(). Null: nobody wants to know.
  std::function<void(const SourceCounters&, const std::optional<SourcePosition>&)> on_progress = {};
};

/// Copies records from a source to a broker. run_source() is made of it; a program that runs several things in one
/// process uses it directly.
class SourceRunner {
 public:
  /// `source` must outlive the object. Throws ConfigException for unusable settings.
  SourceRunner(std::shared_ptr<Broker> broker, Source& source, SourceSettings settings);
  ~SourceRunner();
  SourceRunner(const SourceRunner&) = delete;
  SourceRunner& operator=(const SourceRunner&) = delete;

  /// Runs until the source ends or `stop` is requested. Then waits until the broker has what was read. Throws what ends
  /// the source, and BrokerException: fenced if another runner has the same id, fatal if the broker cannot be used.
  /// Call it once.
  void run(const std::stop_token& stop);

  /// What was done so far. Any thread.
  [[nodiscard]] SourceCounters counters() const;

  /// The same as metrics, under the names of Kafka Connect: see docs/metrics.md. Any thread.
  [[nodiscard]] Metrics metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect
