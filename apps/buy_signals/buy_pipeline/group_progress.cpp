#include "buy_signals/buy_pipeline/group_progress.hpp"

#include <algorithm>

#include "buy_signals/topics.hpp"

namespace buy_signals {

using millrace::TopicPartition;

GroupProgress::GroupProgress(millrace::Broker& broker, std::string application_id,
                             std::vector<std::string> source_topics)
    : application_id_(std::move(application_id)),
      source_topics_(std::move(source_topics)),
      admin_(broker.make_admin()),
      consumer_(broker.make_consumer({{"isolation.level", "read_committed"}})) {}

bool GroupProgress::all_processed() {
  const auto committed = admin_->group_offsets(application_id_, kBrokerTimeout);
  return std::ranges::all_of(inputs(), [&](const TopicPartition& partition) {
    const auto found = committed.find(partition);
    return nothing_behind(partition, found == committed.end() ? 0 : found->second.offset);
  });
}

std::vector<TopicPartition> GroupProgress::inputs() {
  std::vector<TopicPartition> partitions;
  for (const auto& topic : admin_->list_topics(kBrokerTimeout)) {
    const bool repartition = topic.name.starts_with(application_id_ + "-") && topic.name.ends_with("-repartition");
    if (!repartition && std::ranges::find(source_topics_, topic.name) == source_topics_.end()) continue;
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
      partitions.push_back({topic.name, partition});
    }
  }
  return partitions;
}

bool GroupProgress::nothing_behind(const TopicPartition& partition, std::int64_t offset) {
  const auto [low, high] = consumer_->query_watermarks(partition, kBrokerTimeout);
  if (std::max(offset, low) >= high) return true;
  // Between the offset and the end there may be records, or only the marks of transactions.
  consumer_->assign({{partition, std::max(offset, low)}});
  std::vector<millrace::ConsumerRecord> records;
  while (records.empty() && consumer_->position(partition).value_or(-1) < high) {
    consumer_->poll(records, 1, millrace::Millis(20));
  }
  return records.empty();
}

}  // namespace buy_signals
