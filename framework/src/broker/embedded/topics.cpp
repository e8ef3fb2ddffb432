// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/topics.hpp"

#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::detail::embedded {
namespace {

/// A guard against typing errors. Each partition costs memory.
constexpr std::int32_t kMostPartitions = 100000;

/// A topic with empty partitions. Throws BrokerException (fatal) if the configuration is invalid.
std::shared_ptr<Topic> make_topic(const std::string& name, const format::TopicEntry& entry) {
  auto topic = std::make_shared<Topic>();
  topic->name = name;
  topic->id = entry.id;
  topic->configs = entry.configs;
  topic->settings.change(TopicSettings::parse(name, entry.configs));
  for (std::uint32_t i = 0; i < entry.partitions; ++i) {
    topic->partitions.push_back(
        std::make_unique<PartitionLog>(TopicPartition{name, static_cast<std::int32_t>(i)}, entry.id));
  }
  return topic;
}

/// All topics on disk, by name, with the ends of their partitions, but without open transactions.
std::map<std::string, std::shared_ptr<Topic>, std::less<>> read_topics(const Storage& storage) {
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> topics;
  storage.for_each("T", [&](std::string_view key, std::string_view value) {
    const std::string name = format::parse_topic_key(key);
    topics.emplace(name, make_topic(name, format::decode_topic(value)));
  });
  for (const auto& [name, topic] : topics) {
    for (const auto& partition : topic->partitions) partition->load(storage);
  }
  return topics;
}

/// Adds the transactions that are open on disk to the partitions.
void read_open_transactions(const Storage& storage,
                            const std::map<std::string, std::shared_ptr<Topic>, std::less<>>& topics) {
  std::map<TopicId, Topic*> by_id;
  for (const auto& [name, topic] : topics) by_id.emplace(topic->id, topic.get());
  storage.for_each("O", [&](std::string_view key, std::string_view value) {
    const auto open = format::parse_open_transaction_key(key);
    const auto topic = by_id.find(open.topic_id);
    // The topic was deleted with the transaction open.
    if (topic == by_id.end()) return;
    topic->second->partitions.at(static_cast<std::size_t>(open.partition.value()))
        ->open.push_back({open.producer_id, Offset(static_cast<std::int64_t>(format::decode_u64(value)))});
  });
}

}  // namespace

Topics::Topics(Storage& storage) : storage_(storage) {
  if (const auto next = storage.get(format::next_id_key())) next_id_ = format::decode_u64(*next);
  topics_ = read_topics(storage);
  // Otherwise the transactions that are open on disk are about to be aborted.
  if (storage.read_only()) read_open_transactions(storage, topics_);
}

void Topics::reload() {
  // First reads everything, which may throw, and then changes the memory.
  auto fresh = read_topics(storage_);
  read_open_transactions(storage_, fresh);
  for (const auto& [name, topic] : topics_) {
    const auto found = fresh.find(name);
    // A topic of the same name with another id was deleted and created again.
    topic->deleted = found == fresh.end() || found->second->id != topic->id;
    for (const auto& log : topic->partitions) {
      for (Waiter* waiter : log->waiters) waiter->signal();
    }
    if (topic->deleted) continue;
    // Clients have the old object, so it stays.
    if (topic->configs != found->second->configs) {
      topic->settings.change(*found->second->settings);
      topic->configs = found->second->configs;
    }
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      topic->partitions[i]->take_over(*found->second->partitions.at(i));
    }
    found->second = topic;
  }
  topics_ = std::move(fresh);
}

std::shared_ptr<Topic> Topics::find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second;
}

// Iterates over all topics. Only the recovery of open transactions calls this, once at the start.
std::shared_ptr<Topic> Topics::find(TopicId id) const {
  for (const auto& [name, topic] : topics_) {
    if (topic->id == id) return topic;
  }
  return nullptr;
}

std::shared_ptr<Topic> Topics::get(std::string_view name) const {
  if (auto topic = find(name)) return topic;
  throw UnknownTopicOrPartitionException(BrokerException::Severity::fatal,
                                         "topic '" + std::string(name) + "' does not exist on the embedded broker in " +
                                             storage_.directory() + "; create it first");
}

PartitionLog& Topics::get(const TopicPartition& partition) const {
  const auto topic = get(partition.topic);
  if (partition.partition < 0 || partition.partition >= topic->partition_count()) {
    throw UnknownTopicOrPartitionException(BrokerException::Severity::fatal,
                                           "partition " + partition.str() + " does not exist: topic '" +
                                               partition.topic + "' has " + std::to_string(topic->partition_count()) +
                                               " partitions, numbered from 0");
  }
  return *topic->partitions[static_cast<std::size_t>(partition.partition)];
}

std::shared_ptr<Topic> Topics::create(const NewTopic& wanted) {
  check_topic_name(wanted.name);
  if (topics_.contains(wanted.name)) return nullptr;
  if ((wanted.partitions < 1 && wanted.partitions != -1) || wanted.partitions > kMostPartitions) {
    throw BrokerException(BrokerException::Severity::fatal,
                          "topic '" + wanted.name + "': cannot have " + std::to_string(wanted.partitions) +
                              " partitions; give 1 to " + std::to_string(kMostPartitions));
  }
  format::TopicEntry entry;
  // -1 asks for the broker's default, which is one partition here.
  entry.partitions = wanted.partitions == -1 ? 1 : static_cast<std::uint32_t>(wanted.partitions);
  entry.configs = wanted.configs;
  entry.id = TopicId(static_cast<std::uint32_t>(next_id_));
  auto topic = make_topic(wanted.name, entry);

  Storage::Changes changes(storage_);
  // The id and the topic are written together. So no id is used twice, even after a crash.
  changes.put(format::next_id_key(), format::encode_u64(next_id_ + 1));
  changes.put(format::topic_key(wanted.name), format::encode(entry));
  changes.write();
  ++next_id_;
  topics_.emplace(wanted.name, topic);
  return topic;
}

void Topics::alter(Topic& topic, const std::map<std::string, std::optional<std::string>>& changes) {
  format::TopicEntry entry{
      .id = topic.id, .partitions = static_cast<std::uint32_t>(topic.partitions.size()), .configs = topic.configs};
  std::map<std::string, std::string> named;
  for (const auto& [key, value] : changes) {
    named[key] = value.value_or("");
    if (value) {
      entry.configs.insert_or_assign(key, *value);
    } else {
      entry.configs.erase(key);
    }
  }
  const TopicSettings settings = TopicSettings::parse(topic.name, entry.configs);
  TopicSettings::check_names(topic.name, named);
  Storage::Changes written(storage_);
  written.put(format::topic_key(topic.name), format::encode(entry));
  written.write();
  // The settings in memory change after the write, so a failed write changes nothing.
  topic.configs = std::move(entry.configs);
  topic.settings.change(settings);
}

void Topics::remove(const std::shared_ptr<Topic>& topic) {
  Storage::Changes changes(storage_);
  changes.erase(format::topic_key(topic->name));
  for (const auto& log : topic->partitions) {
    const PartitionId partition = log->partition();
    changes.erase(format::partition_key(topic->id, partition));
    for (const auto& range : log->aborted) changes.erase(format::aborted_key(topic->id, partition, range.last));
    for (const auto& open : log->open) {
      changes.erase(format::open_transaction_key(topic->id, partition, open.producer_id));
    }
    // One range deletion per partition, however many batches there are.
    changes.erase_batches(topic->id, partition, {.from = Offset(), .to = format::kEndOfLog});
  }
  changes.write();
  // Only after the write: if it fails, the topic stays as it is.
  topic->deleted = true;
  topics_.erase(topic->name);
}

std::uint64_t Topics::draw_id() {
  Storage::Changes changes(storage_);
  changes.put(format::next_id_key(), format::encode_u64(next_id_ + 1));
  changes.write();
  // The next id is on disk before this one is used.
  return next_id_++;
}

}  // namespace millrace::detail::embedded
