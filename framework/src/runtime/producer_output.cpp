#include "runtime/producer_output.hpp"

#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {

ProducerOutput::ProducerOutput(Broker& broker, const ClientConfig& config, bool exactly_once, const ErrorPolicy& errors)
    : exactly_once_(exactly_once), errors_(errors), producer_(broker.make_producer(config, this)) {}

ProducerOutput::~ProducerOutput() = default;

void ProducerOutput::initialize(Millis timeout) {
  if (exactly_once_) producer_->init_transactions(timeout);
}

void ProducerOutput::begin_if_needed() {
  dirty_ = true;
  if (!exactly_once_ || in_transaction_) return;
  producer_->begin_transaction();
  in_transaction_ = true;
}

void ProducerOutput::send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
                          Timestamp timestamp, const Headers& headers) {
  rethrow_failure();
  begin_if_needed();
  ProducerRecord record;
  record.topic = topic;
  record.partition = partition;
  record.key = key;
  record.value = value;
  if (timestamp >= 0) record.timestamp = timestamp;
  record.headers = headers.empty() ? nullptr : &headers;
  producer_->send(record);
}

std::int32_t ProducerOutput::partitions_for(std::string_view topic) { return producer_->partitions_for(topic); }

std::uint64_t ProducerOutput::open_changelog(const TopicPartition& changelog) {
  changelogs_.push_back({changelog, std::nullopt, true});
  return changelogs_.size();
}

void ProducerOutput::close_changelog(std::uint64_t token) { changelogs_[token - 1].open = false; }

void ProducerOutput::send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                                    const Headers* headers) {
  rethrow_failure();
  begin_if_needed();
  const Changelog& changelog = changelogs_[token - 1];
  ProducerRecord record;
  record.topic = changelog.partition.topic;
  record.partition = changelog.partition.partition;
  record.key = key;
  record.value = value;
  if (timestamp >= 0) record.timestamp = timestamp;
  record.headers = headers == nullptr || headers->empty() ? nullptr : headers;
  producer_->send(record, token);
}

std::optional<std::int64_t> ProducerOutput::confirmed_offset(std::uint64_t token) const {
  return changelogs_[token - 1].next_offset;
}

void ProducerOutput::on_delivery(const Delivery& delivery) {
  if (delivery.error == nullptr) {
    if (delivery.token > 0) changelogs_[delivery.token - 1].next_offset = delivery.offset + 1;
    return;
  }
  // A changelog must be complete, and a transaction with a hole is lost as a whole.
  const bool may_skip = delivery.token == 0 && delivery.error->severity() != BrokerException::Severity::fenced &&
                        delivery.error->severity() != BrokerException::Severity::abortable;
  if (may_skip && !failure_) {
    ErrorContext context;
    context.output_topic = delivery.topic;
    context.node = "sink";
    context.error = delivery.error->what();
    if (errors_.handlers.production(context) == HandlerResponse::resume) {
      ++dropped_;
      log(LogLevel::warn, "skipped: " + describe_error("production failed:", context));
      return;
    }
  }
  if (!failure_) failure_ = *delivery.error;
}

void ProducerOutput::rethrow_failure() {
  if (failure_) throw BrokerException(failure_->severity(), failure_->what());
}

void ProducerOutput::poll() {
  producer_->poll();
  rethrow_failure();
}

void ProducerOutput::flush(Millis timeout) {
  producer_->flush(timeout);
  rethrow_failure();
  dirty_ = false;
}

void ProducerOutput::commit_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                        const ConsumerGroupMetadata& group, Millis timeout) {
  begin_if_needed();
  producer_->send_offsets_to_transaction(offsets, group);
  producer_->commit_transaction(timeout);
  in_transaction_ = false;
  rethrow_failure();
  dirty_ = false;
}

void ProducerOutput::abandon(Millis timeout) {
  if (!in_transaction_) return;
  in_transaction_ = false;
  try {
    producer_->abort_transaction(timeout);
  } catch (const BrokerException& error) {
    // The broker aborts it when a successor with the same id starts, or after transaction.timeout.ms.
    log(LogLevel::warn, std::string("could not abort a transaction: ") + error.what());
  }
}

}  // namespace millrace::detail
