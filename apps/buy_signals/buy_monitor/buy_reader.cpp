#include "buy_signals/buy_monitor/buy_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "buy_signals/model.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {

using millrace::Consumer;

BuyReader::BuyReader(millrace::Broker& broker, From from, millrace::ClientConfig config) {
  create_missing_topics(broker, {topic::kBuy});
  config["isolation.level"] = "read_committed";
  consumer_ = broker.make_consumer(config);

  const auto description = broker.make_admin()->describe_topic(topic::kBuy, kBrokerTimeout);
  std::vector<std::pair<millrace::TopicPartition, std::int64_t>> start;
  for (std::int32_t partition = 0; description && partition < description->partitions; ++partition) {
    const auto& it = partitions_.emplace_back(millrace::TopicPartition{topic::kBuy, partition});
    start.emplace_back(it, from == From::beginning ? Consumer::kOffsetBeginning
                                                   : consumer_->query_watermarks(it, kBrokerTimeout).high);
  }
  consumer_->assign(start);
}

void BuyReader::poll(millrace::Millis timeout, millrace::FunctionRef<void(const std::string&)> on_buy) {
  constexpr std::size_t kMaxRecords = 500;
  records_.clear();
  consumer_->poll(records_, kMaxRecords, timeout);
  for (const auto& record : records_) {
    try {
      if (!record.value) throw millrace::SerializationException("the value is null");
      on_buy(millrace::Serde<Buy>().deserialize(*record.value).id);
    } catch (const millrace::SerializationException& error) {
      millrace::log(millrace::LogLevel::warn,
                    fmt::format("{}-{} offset {} is no buy and was skipped: {}", *record.topic, record.partition,
                                record.offset, error.what()));
    }
  }
}

bool BuyReader::caught_up() {
  return std::ranges::all_of(partitions_, [&](const auto& partition) {
    const auto end = consumer_->query_watermarks(partition, kBrokerTimeout).high;
    return consumer_->position(partition).value_or(-1) >= end;
  });
}

std::string show_buy(const std::string& id) {
  const auto at = id.rfind('@');
  if (at == std::string::npos) return "BUY  " + id;
  return fmt::format("BUY  {:<5} {}", id.substr(0, at), id.substr(at + 1));
}

}  // namespace buy_signals
