// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/connect/sink.hpp"
#include "millrace/metrics/metric.hpp"

namespace millrace::connect {

/// What a sink runner has done so far.
struct SinkCounters {
  std::uint64_t read = 0;          ///< records that came from the broker
  std::uint64_t written = 0;       ///< records whose offset is committed, without the rejected ones
  std::uint64_t rejected = 0;      ///< SinkContext::reject()
  std::uint64_t dead_letters = 0;  ///< those of `rejected` that were written to the dead-letter topic
  std::uint64_t retries = 0;       ///< how often the sink was opened again
};

/// Settings of a SinkRunner.
struct SinkSettings {
  std::string id;                   ///< the consumer group
  std::vector<std::string> topics;  ///< must exist
  StreamsConfig config = {};        ///< `consumer.` settings, errors.dead.letter.queue.topic.name
  std::size_t max_batch = 1000;     ///< the largest number of records per put()
  bool until_end = false;           ///< end when everything is written that was in the topics at the start
};

/// Gives records of a broker to a sink. run_sink() is made of it; a program that runs several things in one process
/// uses it directly.
class SinkRunner {
 public:
  /// `sink` must outlive the object. Throws ConfigException for unusable settings.
  SinkRunner(std::shared_ptr<Broker> broker, Sink& sink, SinkSettings settings);
  ~SinkRunner();
  SinkRunner(const SinkRunner&) = delete;
  SinkRunner& operator=(const SinkRunner&) = delete;

  /// Runs until `stop` is requested, or until the end with `until_end`. Then commits what the sink has. Throws what
  /// ends the sink, and BrokerException. Call it once.
  void run(const std::stop_token& stop);

  /// What was done so far. Any thread.
  [[nodiscard]] SinkCounters counters() const;

  /// The same as metrics, under the names of Kafka Connect: see docs/metrics.md. Any thread.
  [[nodiscard]] Metrics metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect
