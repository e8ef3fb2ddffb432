#include "runtime/thread/producer_output.hpp"

#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {

using Severity = BrokerException::Severity;

namespace {

ClientConfig with_batches(ClientConfig config, ProducerOutput::Batches batches) {
  if (batches == ProducerOutput::Batches::one_record_each) config["batch.num.messages"] = "1";
  return config;
}

/// Tokens of changelogs count from 1; those of other records carry this bit.
constexpr std::uint64_t kRecord = std::uint64_t{1} << 63;

bool is_changelog(std::uint64_t token) { return token != 0 && (token & kRecord) == 0; }

UnwrittenRecord unwritten(const ProducerRecord& record) {
  return {std::string(record.topic),
          record.partition,
          record.key,
          record.value,
          record.timestamp.value_or(kNoTimestamp),
          record.headers == nullptr ? &no_headers() : record.headers,
          std::nullopt};
}

}  // namespace

ProducerOutput::Origin::Origin(const ErrorContext& from, const ProducerRecord& record)
    : plain(from),
      key(owned(from.raw_key)),
      value(owned(from.raw_value)),
      output_key(owned(record.key)),
      output_value(owned(record.value)) {
  if (from.headers != nullptr) headers = *from.headers;
  if (record.headers != nullptr) output_headers = *record.headers;
  plain.output = unwritten(record);
}

ErrorContext ProducerOutput::Origin::context() const {
  ErrorContext result = plain;
  result.raw_key = key;
  result.raw_value = value;
  result.headers = headers ? &*headers : nullptr;
  result.output->key = output_key;
  result.output->value = output_value;
  result.output->headers = output_headers ? &*output_headers : &no_headers();
  return result;
}

ProducerOutput::ProducerOutput(Broker& broker, ClientConfig config, bool exactly_once, const ErrorPolicy& errors,
                               ThreadMetrics& metrics, Batches batches, const Clock& clock)
    : exactly_once_(exactly_once),
      errors_(errors),
      metrics_(metrics),
      clock_(clock),
      batches_(batches),
      producer_(broker.make_producer(with_batches(std::move(config), batches), this)) {}

ProducerOutput::~ProducerOutput() = default;

void ProducerOutput::initialize(const Patience& patience) {
  if (initialized_) return;
  if (exactly_once_) patience([this](Millis slice) { producer_->init_transactions(slice); });
  initialized_ = true;
}

void ProducerOutput::begin_if_needed() {
  dirty_ = true;
  if (!exactly_once_ || transaction_since_) return;
  producer_->begin_transaction();
  transaction_since_ = clock_.monotonic_ms();
}

void ProducerOutput::send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
                          Timestamp timestamp, const Headers& headers, Sender sender) {
  rethrow_failure();
  begin_if_needed();
  ProducerRecord record;
  record.topic = topic;
  record.partition = partition;
  record.key = key;
  record.value = value;
  if (timestamp >= 0) record.timestamp = timestamp;
  record.headers = headers.empty() ? nullptr : &headers;
  const std::uint64_t token = kRecord | ++last_token_;
  sender_ = sender;
  produce(record, token);
}

std::int32_t ProducerOutput::partitions_for(std::string_view topic) { return producer_->partitions_for(topic); }

std::uint64_t ProducerOutput::open_changelog(const TopicPartition& changelog) {
  changelogs_.push_back({changelog, std::nullopt});
  return changelogs_.size();
}

// The token is not given out again: reports of records under way may still carry it.
void ProducerOutput::close_changelog(std::uint64_t token) { changelogs_[token - 1].partition.topic.clear(); }

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
  sender_ = Sender();
  produce(record, token);
}

void ProducerOutput::produce(const ProducerRecord& record, std::uint64_t token) {
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
  if (batches_ == Batches::one_record_each && !is_changelog(token)) origins_.emplace(token, Origin(context(), record));
  producer_->send(record, token);
}

std::optional<Offset> ProducerOutput::confirmed_offset(std::uint64_t token) const {
  return changelogs_[token - 1].next_offset;
}

void ProducerOutput::on_delivery(const Delivery& delivery) {
  if (delivery.error == nullptr) {
    if (is_changelog(delivery.token)) {
      changelogs_[delivery.token - 1].next_offset = Offset(delivery.offset) + 1;
    } else if (!origins_.empty()) {
      origins_.erase(delivery.token);
    }
    return;
  }
  if (abandoning_ || failure_) return;
  const Severity severity = delivery.error->severity();
  const bool asked = severity != Severity::retriable || (errors_.production_in_code && !is_changelog(delivery.token));
  if (severity == Severity::fenced || !asked) {
    failure_ = std::make_exception_ptr(BrokerException(severity, delivery.error->what()));
  } else {
    refused(delivery);
  }
}

void ProducerOutput::refused(const Delivery& delivery) {
  ErrorContext context = context_of(delivery.token);
  if (!context.output) context.output.emplace().topic = delivery.topic;
  context.error = delivery.error->what();
  context.thrown = std::make_exception_ptr(*delivery.error);
  context.retriable = delivery.error->severity() == Severity::retriable;
  const std::string text = describe_error("production failed:", context);
  // What the client itself refuses was in no batch.
  const bool alone = batches_ == Batches::one_record_each || (delivery.token == current_ && delivery.partition < 0);
  if (!alone) {
    batch_refused_ = true;
    failure_ = std::make_exception_ptr(
        BrokerException(Severity::retriable, text + "; trying again with one record at a time"));
    return;
  }
  // A changelog must be complete.
  if (is_changelog(delivery.token)) {
    failure_ = std::make_exception_ptr(TaskFailure(text));
    return;
  }
  std::optional<HandlerResponse> answer;
  try {
    answer = ask(errors_.handlers.production, context);
  } catch (const TaskFailure&) {  // must not pass through the client that calls us
    failure_ = std::current_exception();
    return;
  }
  const HandlerResponse& response = *answer;
  // A dead letter that is refused is not followed by another one.
  if (!context.node.empty()) {
    for (DeadLetter& letter : dead_letters(errors_, context, response)) dead_letters_.push_back(std::move(letter));
  }
  origins_.erase(delivery.token);
  if (response.retries() && context.retriable) {
    failure_ = std::make_exception_ptr(BrokerException(Severity::retriable, text));
    return;
  }
  if (response.fails()) {
    failure_ = std::make_exception_ptr(TaskFailure(text));
    return;
  }
  count_dropped(context);
  if (exactly_once_) skipped_in_transaction_ = text;
}

void ProducerOutput::count_dropped(const ErrorContext& context) {
  constexpr auto reason = DropReason::production_error;
  const auto describe = [&] { return describe_dropped(reason, context); };
  if (context.node.empty()) return metrics_.dropped_of_no_task().count(reason, {}, describe);
  metrics_.of_task(context.task_id)->dropped.count(reason, context.node, describe);
}

/// Of the record that is being sent; without its output.
ErrorContext ProducerOutput::context() const {
  return sender_.node == nullptr ? ErrorContext() : error_context(*sender_.task, *sender_.node);
}

ErrorContext ProducerOutput::context_of(std::uint64_t token) const {
  const auto known = origins_.find(token);
  if (known != origins_.end()) return known->second.context();
  if (token != current_) return {};
  ErrorContext result = context();
  result.output = unwritten(*current_record_);
  return result;
}

bool ProducerOutput::send_dead_letters() {
  if (dead_letters_.empty()) return false;
  try {
    for (const DeadLetter& letter : std::exchange(dead_letters_, {})) {
      begin_if_needed();
      ProducerRecord record;
      record.topic = letter.topic;
      record.partition = letter.partition;
      record.key = letter.key;
      record.value = letter.value;
      if (letter.timestamp >= 0) record.timestamp = letter.timestamp;
      record.headers = letter.headers.empty() ? nullptr : &letter.headers;
      sender_ = Sender();
      produce(record, kRecord | ++last_token_);
    }
  } catch (const BrokerException&) {
    // What was refused has spoiled the transaction, and the letters with it: what comes next says why.
    if (!failure_ && !skipped_in_transaction_) throw;
  }
  return true;
}

void ProducerOutput::rethrow_failure() {
  if (failure_) std::rethrow_exception(failure_);
}

void ProducerOutput::poll() {
  producer_->poll();
  send_dead_letters();
  rethrow_failure();
}

void ProducerOutput::flush(const Patience& patience) {
  do {
    patience([this](Millis slice) { producer_->flush(slice); });
  } while (send_dead_letters());
  rethrow_failure();
  dirty_ = false;
}

void ProducerOutput::commit_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                        const ConsumerGroupMetadata& group, const Patience& patience) {
  begin_if_needed();
  send_dead_letters();
  try {
    patience([&](Millis) { send_offsets(offsets, group, patience); });
    patience([this](Millis slice) { producer_->commit_transaction(slice); });
  } catch (const BrokerException& error) {
    rethrow_failure();  // says more than that the transaction failed
    if (error.severity() != Severity::abortable || !skipped_in_transaction_) throw;
    throw TaskFailure(
        "a record that the broker refuses spoils its whole transaction, so under exactly_once_v2 it "
        "cannot be skipped (production.exception.handler): " +
        *skipped_in_transaction_);
  }
  transaction_since_.reset();
  skipped_in_transaction_.reset();
  rethrow_failure();
  dirty_ = false;
  send_dead_letters();  // in a transaction of their own
}

// librdkafka (2.0.2) does not end this call while the group's coordinator is out of reach, whatever its timeout. A
// thread that cannot come back could not be closed.
void ProducerOutput::send_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                  const ConsumerGroupMetadata& group, const Patience& patience) {
  const auto call = [producer = producer_, offsets, group] { producer->send_offsets_to_transaction(offsets, group); };
  if (patience.make_or_leave(call)) return;
  producer_.reset();
  throw BrokerException(Severity::abortable,
                        "adding the offsets of group '" + group.group_id() +
                            "' to the transaction was not answered: check that Kafka runs and can be reached");
}

void ProducerOutput::abandon(Millis timeout) {
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
    // The broker aborts a transaction when a successor with the same id starts, or after transaction.timeout.ms.
    log(LogLevel::info, std::string("a producer is left with work undone: ") + error.what());
  }
  transaction_since_.reset();
}

}  // namespace millrace::detail
