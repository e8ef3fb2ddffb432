// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/transactions.hpp"

#include <algorithm>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {

Transactions::Transactions(Storage& storage, Topics& topics, Groups& groups, TailCache& tail)
    : storage_(storage), topics_(topics), groups_(groups), tail_(tail) {
  // With a storage that is read only, they may belong to the process that writes.
  if (!storage.read_only()) abort_left_open();
}

void Transactions::abort_left_open() {
  // Grouped by producer, so that each transaction is ended with one write.
  std::map<ProducerId, std::vector<PartitionLog*>> left;
  storage_.for_each("O", [&](std::string_view key, std::string_view value) {
    const auto open = format::parse_open_transaction_key(key);
    const auto topic = topics_.find(open.topic_id);
    // The topic was deleted with the transaction open.
    if (!topic) return;
    PartitionLog& log = *topic->partitions.at(static_cast<std::size_t>(open.partition.value()));
    log.open.push_back({open.producer_id, Offset(static_cast<std::int64_t>(format::decode_u64(value)))});
    left[open.producer_id].push_back(&log);
  });
  for (const auto& [producer_id, partitions] : left) finish(producer_id, partitions, false);
}

std::shared_ptr<TransactionalProducer> Transactions::init(const std::string& transactional_id, Millis timeout) {
  auto& current = producers_[transactional_id];
  if (current) {
    if (current->fenced == TransactionalProducer::Fenced::no) current->fenced = TransactionalProducer::Fenced::by_newer;
    // Kafka also aborts the transaction of the previous incarnation.
    if (current->open) end(*current, false);
  }
  auto producer = std::make_shared<TransactionalProducer>();
  producer->transactional_id = transactional_id;
  // A new id per incarnation: the markers of the old incarnation cannot be confused with those of the new one.
  producer->producer_id = ProducerId(topics_.draw_id());
  producer->timeout = timeout;
  current = producer;
  return producer;
}

void Transactions::check(const TransactionalProducer& producer) {
  switch (producer.fenced) {
    case TransactionalProducer::Fenced::no: return;
    case TransactionalProducer::Fenced::by_newer:
      throw BrokerException(BrokerException::Severity::fenced,
                            "transactional.id '" + producer.transactional_id +
                                "': a newer producer with this id took over; close this one");
    case TransactionalProducer::Fenced::by_timeout:
      throw BrokerException(BrokerException::Severity::fenced, "transactional.id '" + producer.transactional_id +
                                                                   "': the transaction was aborted because "
                                                                   "it took longer than transaction.timeout.ms (" +
                                                                   std::to_string(producer.timeout.count()) +
                                                                   "); make a new producer");
  }
}

void Transactions::open(TransactionalProducer& producer, SteadyTime now) {
  if (producer.open) return;
  producer.open = true;
  producer.started = now;
}

void Transactions::write(TransactionalProducer& producer, PartitionLog& log, Storage::Changes& changes,
                         SteadyTime now) {
  open(producer, now);
  // Only the first batch of a transaction in a partition needs an entry on disk.
  if (std::find(producer.partitions.begin(), producer.partitions.end(), &log) != producer.partitions.end()) return;
  producer.partitions.push_back(&log);
  // From now on, read_committed readers stop before this offset.
  log.open.push_back({producer.producer_id, log.next});
  changes.put(format::open_transaction_key(log.topic_id, log.partition(), producer.producer_id),
              format::encode_u64(static_cast<std::uint64_t>(log.next.value())));
}

void Transactions::undo_write(TransactionalProducer& producer, PartitionLog& log) {
  std::erase(producer.partitions, &log);
  std::erase_if(log.open, [&](const auto& open) { return open.producer_id == producer.producer_id; });
}

void Transactions::add_offsets(TransactionalProducer& producer, const std::string& group,
                               const std::map<TopicPartition, OffsetAndMetadata>& offsets, SteadyTime now) {
  // First, because it may throw. Then the transaction is not opened.
  groups_.add_pending(group, producer.producer_id, offsets);
  open(producer, now);
}

void Transactions::end(TransactionalProducer& producer, bool commit) {
  // Nothing was written, so no marker is needed.
  if (!producer.open) return;
  finish(producer.producer_id, producer.partitions, commit);
  producer.partitions.clear();
  producer.open = false;
}

void Transactions::finish(ProducerId producer_id, const std::vector<PartitionLog*>& partitions, bool commit) {
  const Timestamp now = Clock::system().now();
  Appends appends(storage_, tail_);
  std::vector<std::pair<PartitionLog*, format::AbortedEntry>> aborted;
  for (PartitionLog* log : partitions) {
    const auto open = std::find_if(log->open.begin(), log->open.end(),
                                   [&](const auto& candidate) { return candidate.producer_id == producer_id; });
    // The marker is the last offset of the transaction in this partition.
    const Offset marker = appends.add(*log, control_batch(commit, producer_id, now));
    appends.changes().erase(format::open_transaction_key(log->topic_id, log->partition(), producer_id));
    if (commit) continue;
    const format::AbortedEntry entry{producer_id, open->first, marker};
    appends.changes().put(format::aborted_key(log->topic_id, log->partition(), marker), format::encode(entry));
    aborted.emplace_back(log, entry);
  }
  // The group's offsets are in the same write as the markers. So results and offsets become visible together.
  if (commit) groups_.stage_pending(producer_id, appends.changes());
  appends.commit();
  // The memory changes only after the write succeeded.
  for (PartitionLog* log : partitions) {
    std::erase_if(log->open, [&](const auto& open) { return open.producer_id == producer_id; });
  }
  for (const auto& [log, entry] : aborted) log->aborted.push_back(entry);
  groups_.end_pending(producer_id, commit);
}

void Transactions::expire(SteadyTime now) {
  for (auto& [id, producer] : producers_) {
    // A producer without an open transaction never expires.
    if (!producer->open || now - producer->started <= producer->timeout) continue;
    log(LogLevel::warn, "embedded broker: aborting a transaction of transactional.id '" + id +
                            "' that has been open for longer than transaction.timeout.ms (" +
                            std::to_string(producer->timeout.count()) + ")");
    // Fence first: even if the abort fails, the producer must not go on.
    producer->fenced = TransactionalProducer::Fenced::by_timeout;
    end(*producer, false);
  }
}

void Transactions::forget(const Topic& topic) {
  for (auto& [id, producer] : producers_) {
    std::erase_if(producer->partitions, [&](const PartitionLog* log) { return log->topic_id == topic.id; });
  }
}

}  // namespace millrace::detail::embedded
