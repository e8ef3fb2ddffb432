#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace buy_signals {

/// Reads topics as they grow, without joining a group: what was committed, each record once. One thread.
class TopicTail {
 public:
  enum class From { beginning, end };

  /// Topics that are missing are made. `config`: settings for the consumer.
  TopicTail(millrace::Broker& broker, const std::vector<std::string>& topics, From from,
            millrace::ClientConfig config = {});

  /// Waits up to `timeout` for records and calls `visit` for each; at most `max_records`.
  void poll(millrace::Millis timeout, const std::function<void(const millrace::ConsumerRecord&)>& visit,
            std::size_t max_records = 1000);

  /// Whether everything that was in the topics when this was called has come out of poll(). While a transaction is
  /// open it has not.
  [[nodiscard]] bool caught_up();

 private:
  std::unique_ptr<millrace::Consumer> consumer_;
  std::unique_ptr<millrace::Consumer> uncommitted_;  ///< sees open transactions too; asked for offsets only
  std::vector<millrace::TopicPartition> partitions_;
  std::vector<millrace::ConsumerRecord> records_;
};

}  // namespace buy_signals
