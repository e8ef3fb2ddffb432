#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/common/function_ref.hpp"

namespace buy_signals {

/// Reads the topic `buy` as it grows: what was committed, each buy once, without joining a group. One thread.
class BuyReader {
 public:
  enum class From { beginning, end };

  /// Makes the topic if it is missing. `config`: settings for the consumer.
  BuyReader(millrace::Broker& broker, From from, millrace::ClientConfig config = {});

  /// Waits up to `timeout` for buys and calls `on_buy(id)` for each, `<symbol>@<day>`. Records without a valid value
  /// are logged and skipped.
  void poll(millrace::Millis timeout, millrace::FunctionRef<void(const std::string&)> on_buy);

  /// Whether everything that was in the topic when this was called has come out of poll().
  [[nodiscard]] bool caught_up();

 private:
  std::unique_ptr<millrace::Consumer> consumer_;
  std::vector<millrace::TopicPartition> partitions_;
  std::vector<millrace::ConsumerRecord> records_;
};

/// `BUY  AAPL  2012-01-03` for `AAPL@2012-01-03`.
[[nodiscard]] std::string show_buy(const std::string& id);

}  // namespace buy_signals
