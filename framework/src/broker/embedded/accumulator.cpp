// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/accumulator.hpp"

#include <algorithm>
#include <utility>

#include "millrace/broker/partitioner.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {
namespace {

/// What Kafka adds to key, value and headers when it compares a record with max.message.bytes: a batch's overhead.
constexpr std::int64_t kBatchOverheadBytes = 70;
/// How many full batches may wait to be written, over all partitions.
constexpr std::size_t kWaitingBatches = 4;

std::int64_t size_of(const ProducerRecord& record) {
  std::size_t size = kBatchOverheadBytes;
  if (record.key) size += record.key->size();
  if (record.value) size += record.value->size();
  if (record.headers != nullptr) {
    for (const Header& header : *record.headers) size += header.key.size() + (header.value ? header.value->size() : 0);
  }
  return static_cast<std::int64_t>(size);
}

std::shared_ptr<const BrokerException> failed(BrokerException::Severity severity, const std::string& what) {
  return std::make_shared<const BrokerException>(severity, what);
}

}  // namespace

Accumulator::Target* Accumulator::known_target(std::string_view topic) {
  if (last_target_ != nullptr && last_target_->topic->name == topic && !last_target_->topic->deleted) {
    return last_target_;
  }
  const auto found = targets_.find(topic);
  if (found == targets_.end() || found->second.topic->deleted) return nullptr;
  return last_target_ = &found->second;
}

Accumulator::Target* Accumulator::look_up_target(std::string_view topic) {
  if (const auto gone = targets_.find(topic); gone != targets_.end()) {
    targets_.erase(gone);
    last_target_ = nullptr;
  }
  const std::shared_ptr<Topic> existing = core_.topics.find(topic);
  if (!existing) return nullptr;
  Target target{existing, std::vector<Partition>(existing->partitions.size())};
  return last_target_ = &targets_.emplace(std::string(topic), std::move(target)).first->second;
}

Accumulator::Target* Accumulator::find_target(std::string_view topic) {
  if (Target* known = known_target(topic)) return known;
  if (targets_.contains(topic)) flush_locked();  // reports what was meant for the topic that is gone
  const std::lock_guard lock(core_.mutex);
  return look_up_target(topic);
}

std::int32_t Accumulator::partitions_for(std::string_view topic) {
  const std::lock_guard lock(mutex_);
  if (const Target* target = find_target(topic)) return target->topic->partition_count();
  const std::lock_guard core_lock(core_.mutex);
  return core_.topics.get(topic)->partition_count();
}

std::shared_ptr<const BrokerException> Accumulator::refusal(const Topic& topic, const Placement& placement,
                                                            const ProducerRecord& record) {
  const Timestamp timestamp = placement.timestamp;
  const TopicSettings& settings = *topic.settings;
  const auto place = [&] { return TopicPartition{topic.name, placement.partition.value()}.str(); };
  if (settings.compact && !record.key) {
    return failed(
        BrokerException::Severity::abortable,
        "record without a key for " + place() + ": the topic's cleanup.policy is compact, so every record needs a key");
  }
  const std::int64_t limit = std::min(settings.max_message_bytes, settings_.max_message_bytes);
  if (const std::int64_t size = size_of(record); size > limit) {
    return failed(BrokerException::Severity::abortable,
                  "record of " + std::to_string(size) + " bytes for " + place() + " is larger than " +
                      std::to_string(limit) +
                      " bytes; raise the topic's max.message.bytes (and the producer's message.max.bytes, if set)");
  }
  if (settings.log_append_time || timestamp < 0) return nullptr;
  // The clock is asked only when the last answer does not settle it: most records are of the past.
  const auto acceptable = [&] {
    const bool early = settings.timestamp_before_max_ms < clock_seen_ - timestamp;
    return !early && timestamp - settings.timestamp_after_max_ms <= clock_seen_;
  };
  if (acceptable()) return nullptr;
  clock_seen_ = Clock::system().now();
  if (acceptable()) return nullptr;
  return failed(BrokerException::Severity::abortable,
                "record with timestamp " + std::to_string(timestamp) + " for " + place() +
                    " is too far from the broker's time " + std::to_string(clock_seen_) +
                    " (topic configurations message.timestamp.after.max.ms and message.timestamp.before.max.ms)");
}

Accumulator::Placement Accumulator::place(const ProducerRecord& record, const Target* target) {
  Placement placement{.partition = PartitionId(record.partition.value_or(-1)),
                      .timestamp = record.timestamp ? *record.timestamp : Clock::system().now(),
                      .refused = nullptr};
  if (target == nullptr) {
    placement.refused = std::make_shared<const UnknownTopicOrPartitionException>(
        BrokerException::Severity::fatal,
        "topic '" + std::string(record.topic) + "' does not exist on the embedded broker; create it first");
    return placement;
  }
  const Topic& topic = *target->topic;
  const std::int32_t count = topic.partition_count();
  if (record.partition) {
    if (*record.partition < 0 || *record.partition >= count) {
      placement.refused =
          failed(BrokerException::Severity::fatal, "partition " + std::to_string(*record.partition) + " of topic '" +
                                                       topic.name + "' does not exist: it has " +
                                                       std::to_string(count) + " partitions, numbered from 0");
      return placement;
    }
  } else if (record.key) {
    placement.partition = PartitionId(partition_for_key(*record.key, count));
  } else {
    placement.partition = PartitionId(static_cast<std::int32_t>(target->sticky % static_cast<std::uint32_t>(count)));
  }
  placement.refused = refusal(topic, placement, record);
  return placement;
}

void Accumulator::refuse(const ProducerRecord& record, std::uint64_t token, Placement placement) {
  flush_locked();  // reports come in the order in which the records were sent
  fail(record.topic, placement.partition, {token}, std::move(placement.refused));
}

bool Accumulator::append(Target& target, const Placement& placement, const ProducerRecord& record,
                         std::uint64_t token) {
  Partition& into = target.partitions[static_cast<std::size_t>(placement.partition.value())];
  if (into.batch.empty()) {
    filled_.emplace_back(&target, placement.partition);
    if (filled_.size() == 1) arm_timer();
  }
  const std::size_t before = into.batch.bytes();
  into.batch.add(OffsetDelta(into.batch.records()), placement.timestamp, record.key, record.value, record.headers);
  bytes_ += into.batch.bytes() - before;
  if (reports_wanted_) into.tokens.push_back(token);
  return into.batch.bytes() >= settings_.batch_bytes || bytes_ >= kWaitingBatches * settings_.batch_bytes ||
         settings_.linger <= 0ms;
}

void Accumulator::add(const ProducerRecord& record, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  Target* target = find_target(record.topic);
  Placement placement = place(record, target);
  if (placement.refused) return refuse(record, token, std::move(placement));
  if (append(*target, placement, record, token)) flush_locked();
}

bool Accumulator::try_add(const ProducerRecord& record, std::uint64_t token) {
  // Who writes to the log holds the lock meanwhile.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  if (bytes_ >= kWaitingBatches * settings_.batch_bytes) {
    order_write();
    return false;
  }
  Target* target = known_target(record.topic);
  if (target == nullptr) {
    if (!filled_.empty()) {
      order_write();
      return false;
    }
    const std::unique_lock core_lock(core_.mutex, std::try_to_lock);
    if (!core_lock.owns_lock()) return false;
    target = look_up_target(record.topic);
  }
  Placement placement = place(record, target);
  if (placement.refused) {
    if (!filled_.empty()) {
      order_write();
      return false;
    }
    refuse(record, token, std::move(placement));
    return true;
  }
  if (append(*target, placement, record, token)) order_write();
  return true;
}

void Accumulator::order_write() {
  if (write_ordered_) return;
  write_ordered_ = true;
  core_.timer.at(std::chrono::steady_clock::now(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      const std::lock_guard lock(self->mutex_);
      self->write_ordered_ = false;
      self->flush_locked();
    }
  });
}

void Accumulator::arm_timer() {
  if (timer_armed_ || settings_.linger <= 0ms) return;
  timer_armed_ = true;
  core_.timer.at(std::chrono::steady_clock::now() + settings_.linger, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      const std::lock_guard lock(self->mutex_);
      self->timer_armed_ = false;
      self->flush_locked();
    }
  });
}

void Accumulator::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

void Accumulator::flush_locked() {
  if (filled_.empty()) return;
  auto filled = std::exchange(filled_, {});
  bytes_ = 0;
  write(filled);
}

void Accumulator::write(std::vector<std::pair<Target*, PartitionId>>& full) {
  std::vector<Report> written;
  std::shared_ptr<const BrokerException> error;
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(core_.mutex);
    std::vector<PartitionLog*> newly;  // what the transaction had not written to before
    try {
      if (transaction_) Transactions::check(*transaction_);
      Appends appends(core_.storage, core_.tail);
      for (auto& [target, partition] : full) {
        Partition& from = target->partitions[static_cast<std::size_t>(partition.value())];
        target->sticky++;
        Report& report = written.emplace_back();
        report.topic = target->topic->name;
        report.partition = partition;
        report.tokens = std::exchange(from.tokens, {});
        std::uint8_t flags = transaction_ ? format::kTransactional : 0;
        const ProducerId producer_id = transaction_ ? transaction_->producer_id : ProducerId();
        if (target->topic->settings->log_append_time) report.append_time = Clock::system().now();
        std::string batch = target->topic->settings->log_append_time
                                ? from.batch.finish_at(flags, producer_id, report.append_time)
                                : from.batch.finish(flags, producer_id);
        if (target->topic->deleted) {
          report.error = std::make_shared<const UnknownTopicOrPartitionException>(
              BrokerException::Severity::fatal, "topic '" + report.topic + "' was deleted");
          continue;
        }
        PartitionLog& log = *target->topic->partitions[static_cast<std::size_t>(partition.value())];
        if (transaction_) {
          const std::size_t before = transaction_->partitions.size();
          core_.transactions.write(*transaction_, log, appends.changes(), now);
          if (transaction_->partitions.size() > before) newly.push_back(&log);
        }
        report.base_offset = appends.add(log, std::move(batch));
      }
      appends.commit();
    } catch (const BrokerException& failure) {
      for (PartitionLog* log : newly) core_.transactions.undo_write(*transaction_, *log);
      error = std::make_shared<const BrokerException>(failure);
    }
  }
  if (error) {
    for (auto& [target, partition] : full) {
      Partition& from = target->partitions[static_cast<std::size_t>(partition.value())];
      if (from.batch.empty()) continue;
      (void)from.batch.finish(0, ProducerId());
      Report& report = written.emplace_back();
      report.topic = target->topic->name;
      report.partition = partition;
      report.tokens = std::exchange(from.tokens, {});
    }
  }
  for (Report& report_of : written) {
    if (error && !report_of.error) report_of.error = error;
    report(std::move(report_of));
  }
}

void Accumulator::discard(const BrokerException& reason) {
  const std::lock_guard lock(mutex_);
  const auto error = std::make_shared<const BrokerException>(reason);
  for (auto& [target, partition] : std::exchange(filled_, {})) {
    Partition& from = target->partitions[static_cast<std::size_t>(partition.value())];
    (void)from.batch.finish(0, ProducerId());
    if (reports_wanted_) report({target->topic->name, partition, Offset(-1), std::exchange(from.tokens, {}), error});
  }
  bytes_ = 0;
}

void Accumulator::set_transaction(std::shared_ptr<TransactionalProducer> producer) {
  const std::lock_guard lock(mutex_);
  transaction_ = std::move(producer);
  failure_ = nullptr;
}

std::shared_ptr<const BrokerException> Accumulator::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Accumulator::fail(std::string_view topic, PartitionId partition, std::vector<std::uint64_t> tokens,
                       std::shared_ptr<const BrokerException> error) {
  report({std::string(topic), partition, Offset(-1), std::move(tokens), std::move(error)});
}

void Accumulator::report(Report report) {
  if (report.error) {
    if (transaction_ && !failure_) failure_ = report.error;
    if (!reports_wanted_) {
      log(LogLevel::error, "embedded broker: records for topic '" + report.topic +
                               "' were not written and nobody "
                               "listens for delivery reports: " +
                               report.error->what());
    }
  }
  if (!reports_wanted_) return;
  reports_.push_back(std::move(report));
  has_reports_.store(true, std::memory_order_relaxed);
}

std::deque<Report> Accumulator::take_reports() {
  const std::lock_guard lock(mutex_);
  has_reports_.store(false, std::memory_order_relaxed);
  return std::exchange(reports_, {});
}

}  // namespace millrace::detail::embedded
