// SPDX-License-Identifier: Apache-2.0
// What ProducerOutput does with the answers of the broker: delivery reports, refused records, missing topics.
#include <utility>

#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/thread/producer_output.hpp"

namespace millrace::detail {

using Severity = BrokerException::Severity;

namespace {

/// How long a topic that a record has chosen, and that was missing, is taken for missing.
constexpr Millis kLookAgain{1'000};

/// The record as a handler sees it. The views are those of `record`.
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

void ProducerOutput::on_delivery(const Delivery& delivery) {
  if (delivery.error == nullptr) {
    if (is_changelog(delivery.token)) {
      Changelog& changelog = changelogs_[delivery.token - 1];
      (void)take_origin(changelog, delivery);
      --changelog.unconfirmed;
      if (delivery.offset < 0) {
        // A repeated record whose offset the broker does not tell any more.
        changelog.timestamp = kNoTimestamp;
        return;
      }
      // Reports come in order per partition, so the last one has the highest offset.
      if (changelog.next_offset && Offset(delivery.offset) < *changelog.next_offset) made_anew(changelog, delivery);
      changelog.next_offset = Offset(delivery.offset) + 1;
      changelog.timestamp = delivery.timestamp >= 0 ? delivery.timestamp : changelog.last_timestamp;
    } else if (!origins_.empty()) {
      origins_.erase(delivery.token);
    }
    return;
  }
  // The first failure is the cause. What follows, for example records that were purged from the queue, is a
  // consequence.
  if (abandoning_ || failure_) return;
  if (is_changelog(delivery.token) &&
      dynamic_cast<const UnknownTopicOrPartitionException*>(delivery.error) != nullptr) {
    // A new plan creates the changelog again. Then the tasks start again, and compare their stores with the changelog.
    failure_ = std::make_exception_ptr(UnknownTopicOrPartitionException(Severity::retriable, delivery.error->what()));
    return;
  }
  const Severity severity = delivery.error->severity();
  if (skipped_in_transaction_ && (severity == Severity::retriable || severity == Severity::abortable)) {
    // The skipped record has spoiled the transaction. The client therefore drops this record, too.
    failure_ = std::make_exception_ptr(spoiled_transaction());
    return;
  }
  // Retriable failures go to a handler only if it is the user's, see ErrorContext::retriable. A changelog has no
  // handler.
  const bool asked = severity != Severity::retriable || (errors_.production_in_code && !is_changelog(delivery.token));
  if (severity == Severity::fenced || !asked) {
    failure_ = std::make_exception_ptr(BrokerException(severity, delivery.error->what()));
  } else {
    refused(delivery);
  }
}

void ProducerOutput::first_use_of(std::string_view topic) {
  try {
    (void)producer_->partitions_for(topic);
    // Another sink may have found it missing.
    if (const auto missing = missing_topics_.find(topic); missing != missing_topics_.end())
      missing_topics_.erase(missing);
  } catch (const UnknownTopicOrPartitionException&) {
    missing_topics_.insert_or_assign(std::string(topic), clock_.monotonic_ms());
  } catch (const BrokerException& error) {
    // The producer will find out, and report it for the record.
    log(LogLevel::debug, std::string("a topic could not be checked: ") + error.what());
  }
}

bool ProducerOutput::refuse_missing_topic(const ProducerRecord& record, std::uint64_t token) {
  const auto missing = missing_topics_.find(record.topic);
  if (missing == missing_topics_.end()) return false;
  if (clock_.monotonic_ms() - missing->second >= kLookAgain.count()) {
    first_use_of(record.topic);
    if (!missing_topics_.contains(record.topic)) return false;
  }
  const UnknownTopicOrPartitionException error(
      Severity::retriable, "topic '" + std::string(record.topic) +
                               "', which was chosen for a record, does not exist: create it, or choose another topic");
  on_delivery({.topic = record.topic, .partition = -1, .offset = -1, .error = &error, .token = token});
  return true;
}

/// If a skipped record has spoiled the transaction, every later call of the producer fails. The error of the client
/// does not name that record. So it is replaced by one that does.
void ProducerOutput::blame_skipped_record(const BrokerException& error) {
  // The failure of a single record says more than "the transaction failed".
  rethrow_failure();
  if (error.severity() != Severity::abortable || !skipped_in_transaction_) throw;
  throw spoiled_transaction();
}

TaskFailure ProducerOutput::spoiled_transaction() const {
  return TaskFailure(
      "a record that the broker refuses spoils its whole transaction, so under exactly_once_v2 it "
      "cannot be skipped (production.exception.handler): " +
      *skipped_in_transaction_);
}

void ProducerOutput::made_anew(const Changelog& changelog, const Delivery& delivery) {
  if (abandoning_ || failure_) return;
  failure_ = std::make_exception_ptr(BrokerException(
      Severity::retriable, "changelog " + changelog.partition.str() + " of store '" + changelog.change.store +
                               "' was deleted and created again: it was written up to offset " +
                               to_string(*changelog.next_offset) + ", and now a record has got offset " +
                               std::to_string(delivery.offset)));
}

std::optional<ProducerOutput::Origin> ProducerOutput::take_origin(Changelog& changelog, const Delivery& delivery) {
  if (changelog.under_way.empty()) return std::nullopt;
  // Reports come in the order of sending, so the front of the queue is the record. Exception: the client itself refuses
  // the record that is being sent now. This record is at the back of the queue.
  const bool unsent = delivery.token == current_ && delivery.partition < 0;
  Origin origin = std::move(unsent ? changelog.under_way.back() : changelog.under_way.front());
  unsent ? changelog.under_way.pop_back() : changelog.under_way.pop_front();
  return origin;
}

void ProducerOutput::refused(const Delivery& delivery) {
  std::optional<Origin> of_change;
  if (is_changelog(delivery.token)) of_change = take_origin(changelogs_[delivery.token - 1], delivery);
  ErrorContext context = of_change ? of_change->context() : context_of(delivery.token);
  // At least the topic is known, from the delivery report.
  if (!context.output) context.output.emplace().topic = delivery.topic;
  context.error = delivery.error->what();
  context.thrown = std::make_exception_ptr(*delivery.error);
  context.retriable = delivery.error->severity() == Severity::retriable;
  const ChangeOfStore* change = is_changelog(delivery.token) ? &changelogs_[delivery.token - 1].change : nullptr;
  // Under exactly once, a record that was sent and refused makes its transaction fail. Then the record cannot be
  // skipped.
  const bool skippable =
      !context.node.empty() && !errors_.production_in_code && (!exactly_once_ || delivery.partition < 0);
  const std::string text = describe_refused(context, change, skippable);
  // Which record is to blame is certain in two cases: records are sent one by one, or the client itself refused the
  // record before it was put into a batch (then it has no partition).
  const bool alone = batches_ == Batches::one_record_each || (delivery.token == current_ && delivery.partition < 0);
  if (!alone) {
    batch_refused_ = true;
    failure_ = std::make_exception_ptr(
        BrokerException(Severity::retriable, text + "; trying again with one record at a time"));
    return;
  }
  // Skipping a record of a changelog would make the restored store wrong.
  if (is_changelog(delivery.token)) {
    failure_ = std::make_exception_ptr(TaskFailure(text));
    return;
  }
  std::optional<HandlerResponse> answer;
  try {
    answer = ask(errors_.handlers.production, context);
  } catch (const TaskFailure&) {
    // The exception must not pass through the client library that calls this function.
    failure_ = std::current_exception();
    return;
  }
  const HandlerResponse& response = *answer;
  // An empty node means that the record is a dead letter. A refused dead letter must not lead to another one.
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
  // The handler has decided to skip the record, but the client may already have marked the transaction as failed.
  const bool was_sent = delivery.token != current_ || delivery.partition >= 0;
  if (exactly_once_ && was_sent) skipped_in_transaction_ = text;
}

void ProducerOutput::count_dropped(const ErrorContext& context) {
  constexpr auto reason = DropReason::production_error;
  const auto describe = [&] { return describe_dropped(reason, context); };
  // A dead letter belongs to no task.
  if (context.node.empty()) return metrics_.dropped_of_no_task().count(reason, {}, describe);
  metrics_.of_task(context.task_id)->dropped.count(reason, context.node, describe);
}

/// Of the record that is being sent; without its output.
ErrorContext ProducerOutput::context() const {
  // No sender: a changelog record or a dead letter.
  return sender_.node == nullptr ? ErrorContext() : error_context(*sender_.task, *sender_.node);
}

ErrorContext ProducerOutput::context(const Changelog& changelog) {
  ErrorContext context;
  if (changelog.task == nullptr) return context;
  const CurrentRecord& record = changelog.task->current_record();
  if (record.origin->topic != nullptr) context.topic = *record.origin->topic;
  context.partition = record.origin->partition;
  context.offset = record.origin->offset;
  context.timestamp = record.timestamp;
  context.task_id = *changelog.change.task;
  return context;
}

ErrorContext ProducerOutput::context_of(std::uint64_t token) const {
  const auto known = origins_.find(token);
  if (known != origins_.end()) return known->second.context();
  // Only for the record that is being sent now, the sender is still known.
  if (token != current_) return {};
  ErrorContext result = is_changelog(token) ? context(changelogs_[token - 1]) : context();
  result.output = unwritten(*current_record_);
  return result;
}

}  // namespace millrace::detail
