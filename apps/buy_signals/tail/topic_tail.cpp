// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/tail/topic_tail.hpp"

#include <algorithm>

#include "buy_signals/topics.hpp"

namespace buy_signals {

using millrace::Consumer;
using millrace::TopicPartition;

TopicTail::TopicTail(millrace::Broker& broker, const std::vector<std::string>& topics, From from,
                     millrace::ClientConfig config) {
  create_missing_topics(broker, topics);
  config["isolation.level"] = "read_committed";
  consumer_ = broker.make_consumer(config);
  config["isolation.level"] = "read_uncommitted";
  uncommitted_ = broker.make_consumer(config);

  const auto admin = broker.make_admin();
  std::vector<std::pair<TopicPartition, std::int64_t>> start;
  for (const auto& topic : topics) {
    const auto description = admin->describe_topic(topic, kBrokerTimeout);
    for (std::int32_t partition = 0; description && partition < description->partitions; ++partition) {
      const auto& it = partitions_.emplace_back(TopicPartition{topic, partition});
      const auto offset =
          from == From::beginning ? Consumer::kOffsetBeginning : consumer_->query_watermarks(it, kBrokerTimeout).high;
      start.emplace_back(it, offset);
    }
  }
  consumer_->assign(start);
}

void TopicTail::poll(millrace::Millis timeout, const std::function<void(const millrace::ConsumerRecord&)>& visit,
                     std::size_t max_records) {
  records_.clear();
  consumer_->poll(records_, max_records, timeout);
  for (const auto& record : records_) visit(record);
}

bool TopicTail::caught_up() {
  return std::ranges::all_of(partitions_, [&](const auto& partition) {
    const auto end = uncommitted_->query_watermarks(partition, kBrokerTimeout).high;
    return consumer_->position(partition).value_or(-1) >= end;
  });
}

}  // namespace buy_signals
