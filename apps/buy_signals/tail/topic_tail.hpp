// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace buy_signals {

/// Follows topics as they grow, without a consumer group. Returns each committed record once. Used by one thread.
class TopicTail {
 public:
  enum class From { beginning, end };

  /// Creates missing topics. `config` holds further settings of the consumer.
  TopicTail(millrace::Broker& broker, const std::vector<std::string>& topics, From from,
            millrace::ClientConfig config = {});

  /// Waits up to `timeout` for records. Calls `visit` for each, for at most `max_records`.
  void poll(millrace::Millis timeout, const std::function<void(const millrace::ConsumerRecord&)>& visit,
            std::size_t max_records = 1000);

  /// True if poll() has returned everything that was in the topics at the time of this call. False while a transaction
  /// is open.
  [[nodiscard]] bool caught_up();

 private:
  std::unique_ptr<millrace::Consumer> consumer_;
  std::unique_ptr<millrace::Consumer> uncommitted_;  ///< also sees open transactions; used for offsets only
  std::vector<millrace::TopicPartition> partitions_;
  std::vector<millrace::ConsumerRecord> records_;
};

}  // namespace buy_signals
