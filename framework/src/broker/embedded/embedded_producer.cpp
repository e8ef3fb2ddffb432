// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/embedded_producer.hpp"

#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {
namespace {

using Severity = BrokerException::Severity;

}  // namespace

EmbeddedProducer::EmbeddedProducer(std::shared_ptr<Core> core, const ProducerSettings& settings,
                                   DeliveryListener* listener)
    : core_(std::move(core)),
      settings_(settings),
      listener_(listener),
      accumulator_(std::make_shared<Accumulator>(*core_, settings, listener != nullptr)) {}

EmbeddedProducer::~EmbeddedProducer() {
  try {
    if (!transactional_) {
      accumulator_->flush();
      return;
    }
    accumulator_->discard(BrokerException(Severity::retriable, "the producer was closed"));
    const std::lock_guard lock(core_->mutex);
    if (transactional_->fenced == TransactionalProducer::Fenced::no) core_->transactions.end(*transactional_, false);
  } catch (const std::exception& error) {
    log(LogLevel::error, std::string("closing a producer: ") + error.what());
  }
}

void EmbeddedProducer::send(const ProducerRecord& record, std::uint64_t token) {
  if (!settings_.transactional_id.empty() && !in_transaction_) require_transaction("send a record");
  accumulator_->add(record, token);
  if (accumulator_->has_reports()) serve_reports();
}

bool EmbeddedProducer::try_send(const ProducerRecord& record, std::uint64_t token) {
  if (!settings_.transactional_id.empty() && !in_transaction_) require_transaction("send a record");
  const bool taken = accumulator_->try_add(record, token);
  if (accumulator_->has_reports()) serve_reports();
  return taken;
}

void EmbeddedProducer::flush(Millis /*timeout: a write to the log does not wait for anybody*/) {
  accumulator_->flush();
  serve_reports();
}

std::int32_t EmbeddedProducer::partitions_for(std::string_view topic) { return accumulator_->partitions_for(topic); }

void EmbeddedProducer::serve_reports() {
  if (listener_ == nullptr || serving_) return;
  serving_ = true;
  struct Done {
    bool& serving;
    ~Done() { serving = false; }
  } done{serving_};
  for (const Report& report : accumulator_->take_reports()) {
    Delivery delivery{report.topic,      report.partition.value(), report.base_offset.value(), report.error.get(), 0,
                      report.append_time};
    for (const std::uint64_t token : report.tokens) {
      delivery.token = token;
      listener_->on_delivery(delivery);
      if (report.error == nullptr) ++delivery.offset;
    }
  }
}

void EmbeddedProducer::require_transaction(const char* doing) const {
  if (in_transaction_) return;
  throw BrokerException(Severity::fatal, std::string("cannot ") + doing + " outside a transaction: " +
                                             (settings_.transactional_id.empty() ? "set transactional.id and " : "") +
                                             (transactional_ ? "" : "call init_transactions() and ") +
                                             "begin_transaction() first");
}

void EmbeddedProducer::init_transactions(Millis /*timeout*/) {
  if (settings_.transactional_id.empty()) {
    throw BrokerException(Severity::fatal, "init_transactions() needs the producer setting transactional.id");
  }
  if (transactional_) {
    throw BrokerException(Severity::fatal, "init_transactions() was called already for transactional.id '" +
                                               settings_.transactional_id + "'");
  }
  const std::lock_guard lock(core_->mutex);
  transactional_ = core_->transactions.init(settings_.transactional_id, settings_.transaction_timeout);
}

void EmbeddedProducer::begin_transaction() {
  if (!transactional_) {
    throw BrokerException(Severity::fatal, "begin_transaction() needs init_transactions() before it");
  }
  if (in_transaction_) throw BrokerException(Severity::fatal, "begin_transaction(): a transaction is open already");
  {
    const std::lock_guard lock(core_->mutex);
    Transactions::check(*transactional_);
  }
  accumulator_->set_transaction(transactional_);
  in_transaction_ = true;
}

void EmbeddedProducer::send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                                   const ConsumerGroupMetadata& group) {
  require_transaction("add offsets");
  if (offsets.empty()) return;
  const std::lock_guard lock(core_->mutex);
  Transactions::check(*transactional_);
  core_->groups.check_metadata(group.group_id(), static_cast<const MemberMetadata*>(group.native()));
  core_->transactions.add_offsets(*transactional_, group.group_id(), offsets, std::chrono::steady_clock::now());
}

void EmbeddedProducer::commit_transaction(Millis /*timeout*/) {
  require_transaction("commit");
  accumulator_->flush();
  serve_reports();
  if (const auto failure = accumulator_->failure()) {
    const auto severity = failure->severity() == Severity::fenced ? Severity::fenced : Severity::abortable;
    throw BrokerException(severity,
                          std::string("cannot commit the transaction, a record was not written: ") + failure->what());
  }
  {
    const std::lock_guard lock(core_->mutex);
    Transactions::check(*transactional_);
    core_->transactions.end(*transactional_, true);
  }
  accumulator_->set_transaction(nullptr);
  in_transaction_ = false;
}

void EmbeddedProducer::abort_transaction(Millis /*timeout*/) {
  require_transaction("abort");
  // The records are not to blame: a later transaction may write them.
  accumulator_->discard(BrokerException(Severity::retriable, "the transaction was aborted"));
  serve_reports();
  {
    const std::lock_guard lock(core_->mutex);
    Transactions::check(*transactional_);
    core_->transactions.end(*transactional_, false);
  }
  accumulator_->set_transaction(nullptr);
  in_transaction_ = false;
}

}  // namespace millrace::detail::embedded
