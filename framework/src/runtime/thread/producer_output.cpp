// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/producer_output.hpp"

#include <utility>

#include "millrace/broker/partitioner.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {

using Severity = BrokerException::Severity;

namespace {

/// librdkafka has no switch for batches, but a limit of one record has this effect.
ClientConfig with_batches(ClientConfig config, ProducerOutput::Batches batches) {
  if (batches == ProducerOutput::Batches::one_record_each) config["batch.num.messages"] = "1";
  return config;
}

}  // namespace

ProducerOutput::ProducerOutput(Broker& broker, ClientConfig config, bool exactly_once, const ErrorPolicy& errors,
                               ThreadMetrics& metrics, Batches batches, const Clock& clock)
    : exactly_once_(exactly_once),
      errors_(errors),
      metrics_(metrics),
      clock_(clock),
      batches_(batches),
      producer_(broker, with_batches(std::move(config), batches), *this) {}

ProducerOutput::~ProducerOutput() = default;

void ProducerOutput::initialize(const Patience& patience) {
  if (initialized_) return;
  patience_ = &patience;
  // init_transactions() waits for the end of a predecessor's transaction, so it may need several attempts.
  if (exactly_once_) patience([this](Millis slice) { producer_->init_transactions(slice); });
  initialized_ = true;
}

void ProducerOutput::begin_if_needed() {
  // Also for at-least-once: a commit without records needs no flush.
  dirty_ = true;
  if (!exactly_once_ || transaction_since_) return;
  producer_->begin_transaction();
  transaction_since_ = clock_.monotonic_ms();
}

void ProducerOutput::send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
                          Timestamp timestamp, const Headers& headers, Sender sender) {
  // Nothing more must be sent after a failure: it would be sent again after the restart.
  rethrow_failure();
  begin_if_needed();
  ProducerRecord record;
  record.topic = topic;
  record.partition = partition;
  record.key = key;
  if (!partition && key && !placed_by_key_.empty() && placed_by_key_.contains(topic)) {
    record.partition = partition_for_key(*key, partitions_for(topic));
  }
  record.value = value;
  if (timestamp >= 0) record.timestamp = timestamp;
  // The producer copies everything, so views are enough here.
  record.headers = headers.empty() ? nullptr : &headers;
  const std::uint64_t token = kRecordToken | ++last_token_;
  sender_ = sender;
  produce(record, token);
}

std::int32_t ProducerOutput::partitions_for(std::string_view topic) { return producer_->partitions_for(topic); }

std::uint64_t ProducerOutput::open_changelog(const TopicPartition& changelog, const std::string& store,
                                             const TaskContext* task) {
  Changelog& opened = changelogs_.emplace_back();
  opened.partition = changelog;
  opened.change.store = store;
  opened.task = task;
  if (task != nullptr) opened.change.task = task->task_id();
  return changelogs_.size();
}

// The token is not used again: reports of records on their way may still carry it.
void ProducerOutput::close_changelog(std::uint64_t token) {
  changelogs_[token - 1].partition.topic.clear();
  changelogs_[token - 1].task = nullptr;
}

void ProducerOutput::send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                                    const Headers* headers) {
  rethrow_failure();
  begin_if_needed();
  Changelog& changelog = changelogs_[token - 1];
  ProducerRecord record;
  record.topic = changelog.partition.topic;
  record.partition = changelog.partition.partition;
  record.key = key;
  record.value = value;
  if (timestamp >= 0) record.timestamp = timestamp;
  record.headers = headers == nullptr || headers->empty() ? nullptr : headers;
  sender_ = Sender();
  if (batches_ == Batches::one_record_each) changelog.under_way.emplace_back(context(changelog), record);
  changelog.keep(record);
  produce(record, token);
}

void ProducerOutput::produce(const ProducerRecord& record, std::uint64_t token) {
  // The producer may report deliveries inside send(), also one for this very record. So the current record is set
  // before the call, and reset after it even if send() throws.
  struct Sending {
    ProducerOutput& output;
    ~Sending() {
      output.current_ = 0;
      output.current_record_ = nullptr;
    }
  };
  const Sending sending{*this};
  current_ = token;
  current_record_ = &record;
  // The sender is known now. When the broker answers, the task may be processing another record.
  if (batches_ == Batches::one_record_each && !is_changelog(token)) origins_.emplace(token, Origin(context(), record));
  if (!missing_topics_.empty() && refuse_missing_topic(record, token)) return;
  try {
    enqueue(record, token);
  } catch (const BrokerException& error) {
    blame_skipped_record(error);
  }
}

void ProducerOutput::enqueue(const ProducerRecord& record, std::uint64_t token) {
  if (patience_ == nullptr) return producer_->send(record, token);
  if (producer_->send_within(record, token, Millis(0))) return;
  (*patience_)([&](Millis slice) {
    if (producer_->send_within(record, token, slice)) return;
    throw BrokerException(Severity::retriable,
                          "no room for a record of topic '" + std::string(record.topic) +
                              "' in the queue of the producer, because the broker takes too few records: check that "
                              "Kafka runs and can be reached, or raise producer.queue.buffering.max.kbytes");
  });
}

std::optional<LogPosition> ProducerOutput::confirmed_position(std::uint64_t token) const {
  const Changelog& changelog = changelogs_[token - 1];
  if (!changelog.next_offset) return std::nullopt;
  LogPosition position(*changelog.next_offset);
  // While records are on their way, the last record that was sent is not the last one that was confirmed.
  if (changelog.unconfirmed == 0 && changelog.timestamp >= 0) {
    position.proof =
        proof_of(changelog.next_offset->value() - 1, changelog.timestamp, changelog.last_key(), changelog.last_value());
  }
  return position;
}

void ProducerOutput::Changelog::keep(const ProducerRecord& record) {
  ++unconfirmed;
  last_timestamp = record.timestamp.value_or(kNoTimestamp);
  // A changelog record always has a key.
  const std::string_view key = record.key.value_or(std::string_view());
  const std::string_view value = record.value.value_or(std::string_view());
  // Into memory that was used before. This runs for each record, and assign() would cost several times as much.
  if (last_bytes.size() < key.size() + value.size()) last_bytes.resize(2 * (key.size() + value.size()));
  std::copy(key.begin(), key.end(), last_bytes.begin());
  std::copy(value.begin(), value.end(), last_bytes.begin() + static_cast<std::ptrdiff_t>(key.size()));
  last_key_size = key.size();
  last_value_size.reset();
  if (record.value) last_value_size = value.size();
}

BytesView ProducerOutput::Changelog::last_key() const { return std::string_view(last_bytes).substr(0, last_key_size); }

BytesView ProducerOutput::Changelog::last_value() const {
  if (!last_value_size) return std::nullopt;
  return std::string_view(last_bytes).substr(last_key_size, *last_value_size);
}

bool ProducerOutput::send_dead_letters() {
  if (dead_letters_.empty()) return false;
  try {
    // The list is emptied first: produce() may report deliveries, which may add letters.
    for (const DeadLetter& letter : std::exchange(dead_letters_, {})) {
      begin_if_needed();
      if (dead_letter_topics_.insert(letter.topic).second) first_use_of(letter.topic);
      ProducerRecord record;
      record.topic = letter.topic;
      record.partition = letter.partition;
      record.key = letter.key;
      record.value = letter.value;
      if (letter.timestamp >= 0) record.timestamp = letter.timestamp;
      record.headers = letter.headers.empty() ? nullptr : &letter.headers;
      sender_ = Sender();
      produce(record, kRecordToken | ++last_token_);
    }
  } catch (const BrokerException&) {
    // After a refused record, the transaction has failed and takes no more records. The next call throws an exception
    // that says why.
    if (!failure_ && !skipped_in_transaction_) throw;
  }
  return true;
}

void ProducerOutput::rethrow_failure() {
  if (failure_) std::rethrow_exception(failure_);
}

void ProducerOutput::poll() {
  try {
    producer_->poll();
  } catch (const BrokerException& error) {
    blame_skipped_record(error);
  }
  send_dead_letters();
  rethrow_failure();
}

void ProducerOutput::flush(const Patience& patience) {
  do {
    patience([this](Millis slice) { producer_->flush(slice); });
    // Delivery reports may have led to dead letters, which must be confirmed as well.
  } while (send_dead_letters());
  rethrow_failure();
  dirty_ = false;
}

void ProducerOutput::commit_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                        const ConsumerGroupMetadata& group, const Patience& patience) {
  // Offsets alone also need a transaction.
  begin_if_needed();
  send_dead_letters();
  try {
    patience([&](Millis) { send_offsets(offsets, group, patience); });
    patience([this](Millis slice) { producer_->commit_transaction(slice); });
  } catch (const BrokerException& error) {
    blame_skipped_record(error);
  }
  transaction_since_.reset();
  skipped_in_transaction_.reset();
  rethrow_failure();
  dirty_ = false;
  // Letters from the last delivery reports. They go into the next transaction.
  send_dead_letters();
}

// In librdkafka 2.0.2, this call does not return while the group's coordinator is out of reach, whatever its timeout
// is. A thread inside it could not be closed. So the call is made on another thread.
void ProducerOutput::send_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                  const ConsumerGroupMetadata& group, const Patience& patience) {
  const auto call = [offsets, group](Producer& producer) { producer.send_offsets_to_transaction(offsets, group); };
  if (producer_.call_or_leave(patience, call)) return;
  throw BrokerException(Severity::abortable,
                        "the broker did not answer when the offsets of group '" + group.group_id() +
                            "' were added to the transaction: check that Kafka runs and can be reached");
}

void ProducerOutput::abandon(Millis timeout) {
  // From here on, delivery reports of failed records are ignored.
  abandoning_ = true;
  if (!producer_) return;
  try {
    if (transaction_since_) {
      producer_->abort_transaction(timeout);
    } else if (!exactly_once_ && dirty_) {
      send_dead_letters();
      producer_->flush(timeout);
    }
  } catch (const BrokerException& error) {
    // Not an error: the broker aborts the transaction when a successor with the same id starts, or after
    // transaction.timeout.ms.
    log(LogLevel::info, std::string("a producer could not finish its work before it was closed: ") + error.what());
  }
  transaction_since_.reset();
}

}  // namespace millrace::detail
