// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_producer.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/kafka_log.hpp"
#include "broker/kafka/partition_list.hpp"
#include "millrace/broker/unknown_topic.hpp"

namespace millrace::detail::kafka {
namespace {

using Severity = BrokerException::Severity;

constexpr unsigned kSendsPerPoll = 128;
// How long a call in a failed transaction waits for the delivery report of the record that made the transaction fail.
// There may be no such report, because a transaction can fail for other reasons.
constexpr Millis kReportPatience{500};
constexpr auto kPartitionCountAge = std::chrono::minutes(5);  // Java: metadata.max.age.ms

/// Null and empty are different things to Kafka; to librdkafka only a null pointer is null.
const void* pointer(const BytesView& bytes) {
  if (!bytes) return nullptr;
  return bytes->data() != nullptr ? bytes->data() : "";
}

std::size_t size(const BytesView& bytes) { return bytes ? bytes->size() : 0; }

HeadersPtr to_headers(const Headers* headers) {
  if (headers == nullptr || headers->empty()) return nullptr;
  HeadersPtr result(rd_kafka_headers_new(headers->size()));
  for (const auto& header : *headers) {
    rd_kafka_header_add(result.get(), header.key.data(), static_cast<ssize_t>(header.key.size()),
                        header.value ? header.value->data() : nullptr,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  }
  return result;
}

/// librdkafka reads 0 as "now": a record of the epoch's first millisecond is written as one of the second, which
/// keeps it where it belongs in event time within a millisecond. 0 as a result means "now".
std::int64_t to_timestamp(std::optional<Timestamp> timestamp) {
  if (!timestamp) return 0;
  return *timestamp == 0 ? 1 : *timestamp;
}

}  // namespace

KafkaProducer::KafkaProducer(const std::string& address, const ClientConfig& common, const ClientConfig& config,
                             DeliveryListener* listener)
    : address_(address),
      common_(common),
      config_(config),
      listener_(listener),
      transactional_(config.contains("transactional.id")) {
  connect();
}

KafkaProducer::~KafkaProducer() {
  // What is still queued was not flushed on purpose: its reports have nobody to go to.
  listener_ = nullptr;
  rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  topics_.clear();
}

void KafkaProducer::connect() {
  recent_topics_.fill(nullptr);
  topics_.clear();
  client_.reset();
  client_ = std::make_unique<KafkaClient>(
      ClientKind::producer, address_, prepare_config(ClientKind::producer, address_, common_, config_),
      [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_dr_msg_cb(conf, on_delivery); });
  client_->set_owner(this);
  record_failed_ = false;
}

KafkaProducer::Topic& KafkaProducer::topic(std::string_view name) {
  // Strings are at least 16 bytes apart.
  auto& recent = recent_topics_[(reinterpret_cast<std::uintptr_t>(name.data()) >> 4) % recent_topics_.size()];
  if (recent != nullptr && recent->first == name) return recent->second;
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    const std::string text(name);
    TopicPtr handle(rd_kafka_topic_new(client_->handle(), text.c_str(), nullptr));
    if (handle == nullptr) client_->fail(rd_kafka_last_error(), "writing to topic '" + text + "'");
    found = topics_.emplace(text, Topic{std::move(handle), 0, {}}).first;
  }
  recent = &*found;
  return found->second;
}

void KafkaProducer::send(const ProducerRecord& record, std::uint64_t token) {
  while (!enqueue(record, token, kReportPatience)) {
    // Returns as soon as there is a delivery report, which makes room.
    rd_kafka_poll(client_->handle(), 100);
    client_->rethrow();
  }
  if (++sends_until_poll_ >= kSendsPerPoll) poll();
}

bool KafkaProducer::send_within(const ProducerRecord& record, std::uint64_t token, Millis timeout) {
  if (!enqueue(record, token, kReportPatience)) {
    const Deadline deadline(timeout);
    do {
      rd_kafka_poll(client_->handle(), std::min(100, deadline.left_ms()));
      client_->rethrow();
      if (deadline.passed()) return false;
    } while (!enqueue(record, token, kReportPatience));
  }
  if (++sends_until_poll_ >= kSendsPerPoll) poll();
  return true;
}

bool KafkaProducer::try_send(const ProducerRecord& record, std::uint64_t token) {
  if (!enqueue(record, token, Millis(0))) {
    poll();
    return false;
  }
  if (++sends_until_poll_ >= kSendsPerPoll) poll();
  return true;
}

bool KafkaProducer::enqueue(const ProducerRecord& record, std::uint64_t token, Millis report_patience) {
  auto* topic_handle = topic(record.topic).handle.get();
  auto headers = to_headers(record.headers);
  const auto partition = record.partition.value_or(RD_KAFKA_PARTITION_UA);
  const auto timestamp = to_timestamp(record.timestamp);
  if (timestamp < 0) {
    throw SerializationException("a record for topic '" + std::string(record.topic) + "' has the timestamp " +
                                 std::to_string(timestamp) + ": Kafka stores only timestamps of 0 or more");
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the token goes through librdkafka as its opaque pointer
  void* const opaque = reinterpret_cast<void*>(token);
  const auto code = rd_kafka_producev(
      client_->handle(), RD_KAFKA_V_RKT(topic_handle), RD_KAFKA_V_PARTITION(partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(pointer(record.key), size(record.key)),
      RD_KAFKA_V_VALUE(const_cast<void*>(pointer(record.value)), size(record.value)), RD_KAFKA_V_TIMESTAMP(timestamp),
      RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    [[maybe_unused]] const auto* owned_by_librdkafka = headers.release();
    return true;
  }
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
      code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    report_unsent(record, token, code);
    return true;
  }
  const auto doing = "writing to topic '" + std::string(record.topic) + "'";
  char reason[512] = "";
  if (const auto fatal = rd_kafka_fatal_error(client_->handle(), reason, sizeof reason)) {
    client_->fail(fatal, doing, reason);
  }
  // In a transaction that has failed already nothing can be sent any more.
  if (code == RD_KAFKA_RESP_ERR__STATE && transactional_) {
    await_failed_record(report_patience);
    throw client_->error(Severity::abortable, code, doing, "the transaction has failed or was not begun");
  }
  client_->fail(code, doing);
}

void KafkaProducer::report_unsent(const ProducerRecord& record, std::uint64_t token, rd_kafka_resp_err_t code) {
  std::string detail;
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    detail = "a record of " + std::to_string(size(record.key) + size(record.value)) + " bytes is larger than the " +
             "producer may send (producer.max.request.size: " + setting("message.max.bytes") + " bytes)";
  }
  const auto error =
      client_->error(severity_of(code), code, "writing to topic '" + std::string(record.topic) + "'", detail);
  if (listener_ == nullptr) throw BrokerException(error);
  listener_->on_delivery({.topic = record.topic,
                          .partition = record.partition.value_or(-1),
                          .offset = -1,
                          .error = &error,
                          .token = token});
}

std::string KafkaProducer::setting(const char* name) const {
  std::array<char, 64> value{};
  std::size_t size = value.size();
  const auto* conf = rd_kafka_conf(client_->handle());
  return rd_kafka_conf_get(conf, name, value.data(), &size) == RD_KAFKA_CONF_OK ? value.data() : "not known";
}

void KafkaProducer::on_delivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* opaque) {
  auto& self = KafkaClient::owner<KafkaProducer>(opaque);
  self.client_->guard([&] { self.delivered(*message); });
}

void KafkaProducer::delivered(const rd_kafka_message_t& message) {
  Delivery delivery;
  delivery.topic = rd_kafka_topic_name(message.rkt);
  delivery.partition = message.partition;
  delivery.token = reinterpret_cast<std::uintptr_t>(message._private);
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (listener_ == nullptr) return;
    delivery.offset = message.offset;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    delivery.timestamp = rd_kafka_message_timestamp(&message, &type);
    listener_->on_delivery(delivery);
    return;
  }
  const bool purged = message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  // librdkafka drops the other records of a transaction after one record has failed, and all records when the
  // transaction is aborted. With several brokers, the reports of dropped records may come before the report of the
  // failed record. A dropped record is not the cause of the failure, so its report is ignored.
  if (transactional_ && purged) return;
  record_failed_ = record_failed_ || transactional_;
  std::string detail;
  if (message.err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    // The broker refuses a whole batch, and its answer does not say how large a batch may be.
    detail = "the batch with a record of " + std::to_string(message.key_len + message.len) +
             " bytes is larger than the topic allows (max.message.bytes); a batch may have up to " +
             setting("batch.size") + " bytes (producer.batch.size)";
  }
  const auto error = client_->error(severity_of(message.err), message.err,
                                    "writing to topic '" + std::string(delivery.topic) + "'", detail);
  if (listener_ != nullptr) {
    const UnknownTopicOrPartitionException missing(error);
    delivery.error = is_missing(message.err) ? &missing : &error;
    listener_->on_delivery(delivery);
  } else if (!transactional_) {  // a transaction that lost a record does not commit
    log_seldom(LogLevel::error, error.what(), std::string("a record is lost: ") + error.what());
  }
}

// A failed record makes its transaction fail at once, but the delivery report of the record comes through a queue and
// may be late. The caller needs the report before the exception, because only the report says which record failed, and
// why.
void KafkaProducer::await_failed_record(Millis patience) {
  const Deadline deadline(patience);
  do {
    rd_kafka_poll(client_->handle(), std::min(20, deadline.left_ms()));
    client_->rethrow();
  } while (!record_failed_ && !deadline.passed());
}

void KafkaProducer::poll() {
  sends_until_poll_ = 0;
  rd_kafka_poll(client_->handle(), 0);
  client_->rethrow();
}

void KafkaProducer::flush(Millis timeout) {
  const auto code = rd_kafka_flush(client_->handle(), Deadline(timeout).left_ms());
  client_->rethrow();
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    client_->fail(code, "flushing " + std::to_string(rd_kafka_outq_len(client_->handle())) + " records");
  }
}

std::int32_t KafkaProducer::partitions_for(std::string_view name) {
  auto& found = topic(name);
  const auto now = std::chrono::steady_clock::now();
  if (found.partitions > 0 && now - found.asked < kPartitionCountAge) return found.partitions;
  const std::string text(name);
  const auto doing = "asking for the partitions of topic '" + text + "'";
  const auto metadata = client_->metadata(text.c_str(), Deadline(client_->api_timeout()), doing);
  const auto code = metadata->topic_cnt > 0 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) client_->fail(code, doing);
  found.partitions = metadata->topics[0].partition_cnt;
  found.asked = now;
  return found.partitions;
}

void KafkaProducer::transaction_step(const std::string& doing, Millis timeout,
                                     const std::function<rd_kafka_error_t*(int)>& step) {
  const Deadline deadline(timeout);
  for (;;) {
    // A step that timed out goes on in the background; calling it again waits for the same one.
    const ErrorPtr error(step(std::max(1, deadline.left_ms())));
    client_->rethrow();
    if (error == nullptr) return;
    if (severity_of(*error) == Severity::abortable) await_failed_record(kReportPatience);
    if (severity_of(*error) != Severity::retriable || deadline.passed()) client_->fail(*error, doing);
    std::this_thread::sleep_for(std::min(Millis(20), Millis(deadline.left_ms())));
  }
}

void KafkaProducer::init_transactions(Millis timeout) {
  transaction_step("starting transactions", timeout,
                   [&](int left_ms) { return rd_kafka_init_transactions(client_->handle(), left_ms); });
}

void KafkaProducer::begin_transaction() {
  const ErrorPtr error(rd_kafka_begin_transaction(client_->handle()));
  if (error != nullptr) client_->fail(*error, "beginning a transaction");
}

void KafkaProducer::send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                                const ConsumerGroupMetadata& group) {
  if (offsets.empty()) return;
  const auto list = to_list(offsets);
  GroupMetadataPtr bare;
  const auto* native = static_cast<const rd_kafka_consumer_group_metadata_t*>(group.native());
  if (native == nullptr) {
    bare.reset(rd_kafka_consumer_group_metadata_new(group.group_id().c_str()));
    native = bare.get();
  }
  transaction_step("adding the offsets of group '" + group.group_id() + "' to the transaction", client_->api_timeout(),
                   [&](int left_ms) {
                     return rd_kafka_send_offsets_to_transaction(client_->handle(), list.get(), native, left_ms);
                   });
}

void KafkaProducer::commit_transaction(Millis timeout) {
  transaction_step("committing the transaction", timeout,
                   [&](int left_ms) { return rd_kafka_commit_transaction(client_->handle(), left_ms); });
}

void KafkaProducer::abort_transaction(Millis timeout) {
  const Deadline deadline(timeout);
  transaction_step("aborting the transaction", timeout,
                   [&](int left_ms) { return rd_kafka_abort_transaction(client_->handle(), left_ms); });
  if (!record_failed_) return;
  connect();
  init_transactions(Millis(std::max(1000, deadline.left_ms())));
}

}  // namespace millrace::detail::kafka
