// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/buy_pipeline/group_progress.hpp"

#include <algorithm>

#include "buy_signals/topics.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {

using millrace::TopicPartition;

GroupProgress::GroupProgress(millrace::Broker& broker, std::string application_id,
                             std::vector<std::string> source_topics)
    : application_id_(std::move(application_id)),
      source_topics_(std::move(source_topics)),
      admin_(broker.make_admin()),
      committed_(broker.make_consumer({{"isolation.level", "read_committed"}})),
      uncommitted_(broker.make_consumer({{"isolation.level", "read_uncommitted"}})) {}

bool GroupProgress::all_processed() try {
  const auto committed = admin_->group_offsets(application_id_, kBrokerTimeout);
  return std::ranges::all_of(inputs(), [&](const TopicPartition& partition) {
    const auto found = committed.find(partition);
    return nothing_behind(partition, found == committed.end() ? 0 : found->second.offset);
  });
} catch (const millrace::BrokerException& error) {
  if (error.severity() != millrace::BrokerException::Severity::retriable) throw;
  millrace::log(millrace::LogLevel::info, std::string("asking for the progress again: ") + error.what());
  return false;
}

std::vector<TopicPartition> GroupProgress::inputs() {
  std::vector<TopicPartition> partitions;
  for (const auto& topic : admin_->list_topics(kBrokerTimeout)) {
    // Repartition topics carry the application's id as their prefix.
    const bool repartition = topic.name.starts_with(application_id_ + "-") && topic.name.ends_with("-repartition");
    if (!repartition && std::ranges::find(source_topics_, topic.name) == source_topics_.end()) continue;
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
      partitions.push_back({topic.name, partition});
    }
  }
  return partitions;
}

bool GroupProgress::nothing_behind(const TopicPartition& partition, std::int64_t offset) {
  const auto [low, end] = uncommitted_->query_watermarks(partition, kBrokerTimeout);
  // Retention may have deleted records beyond the committed offset.
  const auto start = std::max(offset, low);
  if (start >= end) return true;
  if (committed_->query_watermarks(partition, kBrokerTimeout).high < end) return false;  // a transaction is open
  // Between the offset and the end there may be records, or only transaction markers. Reading tells.
  committed_->assign({{partition, start}});
  std::vector<millrace::ConsumerRecord> records;
  while (records.empty() && committed_->position(partition).value_or(-1) < end) {
    committed_->poll(records, 1, millrace::Millis(20));
  }
  return records.empty();
}

}  // namespace buy_signals
