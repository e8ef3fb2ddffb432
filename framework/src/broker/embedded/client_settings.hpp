#pragma once

#include <cstdint>
#include <string>

#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail::embedded {

enum class OffsetReset { earliest, latest, none };

/// The consumer settings that the embedded broker obeys, by librdkafka's names and defaults. Any other key of Kafka's
/// is ignored. A value that cannot be used throws ConfigException.
struct ConsumerSettings {
  std::string group_id;                     ///< group.id; empty: no group
  OffsetReset reset = OffsetReset::latest;  ///< auto.offset.reset
  bool read_committed = true;               ///< isolation.level
  Millis max_poll_interval{300000};         ///< max.poll.interval.ms
  bool range_assignor = false;              ///< partition.assignment.strategy starts with `range`

  [[nodiscard]] static ConsumerSettings parse(const ClientConfig& config);
};

/// As ConsumerSettings, for producers.
struct ProducerSettings {
  std::string transactional_id;                ///< transactional.id; empty: none
  Millis transaction_timeout{60000};           ///< transaction.timeout.ms
  Millis linger{5};                            ///< linger.ms (queue.buffering.max.ms)
  std::size_t batch_bytes = 128 * 1024;        ///< batch.size
  std::int64_t max_message_bytes = INT64_MAX;  ///< message.max.bytes (max.request.size): the client's own limit

  [[nodiscard]] static ProducerSettings parse(const ClientConfig& config);
};

}  // namespace millrace::detail::embedded
