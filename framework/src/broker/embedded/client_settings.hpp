// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail::embedded {

/// auto.offset.reset: where to start without a committed offset.
enum class OffsetReset { earliest, latest, none };

/// The consumer settings that the embedded broker supports, with librdkafka's names and defaults. Other settings are
/// ignored.
struct ConsumerSettings {
  std::string group_id;                     ///< group.id; empty: no group
  std::string client_id = "millrace";       ///< client.id
  OffsetReset reset = OffsetReset::latest;  ///< auto.offset.reset
  bool read_committed = true;               ///< isolation.level
  Millis max_poll_interval{300000};         ///< max.poll.interval.ms
  bool range_assignor = false;              ///< partition.assignment.strategy starts with `range`

  /// Throws ConfigException if a value is invalid.
  [[nodiscard]] static ConsumerSettings parse(const ClientConfig& config);
};

/// The producer settings that the embedded broker supports. Other settings are ignored.
struct ProducerSettings {
  std::string transactional_id;                ///< transactional.id; empty: no transactions
  Millis transaction_timeout{60000};           ///< transaction.timeout.ms
  Millis linger{5};                            ///< linger.ms (queue.buffering.max.ms)
  std::size_t batch_bytes = 128 * 1024;        ///< batch.size, bytes
  std::int64_t max_message_bytes = INT64_MAX;  ///< message.max.bytes (max.request.size), bytes: the client's own limit

  /// Throws ConfigException if a value is invalid.
  [[nodiscard]] static ProducerSettings parse(const ClientConfig& config);
};

}  // namespace millrace::detail::embedded
