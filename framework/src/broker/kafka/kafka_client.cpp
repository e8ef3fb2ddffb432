// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/kafka_log.hpp"
#include "broker/kafka/partition_list.hpp"
#include "common/io_remedy.hpp"
#include "millrace/broker/unknown_topic.hpp"

namespace millrace::detail::kafka {
namespace {

/// How long the destructor waits for librdkafka. Enough for an instance without outstanding records.
constexpr Millis kDestroyTimeout{200};

}  // namespace

int Deadline::left_ms() const {
  const auto left = std::chrono::ceil<Millis>(at_ - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

KafkaClient::KafkaClient(ClientKind kind, std::string address, PreparedConfig config,
                         const std::function<void(rd_kafka_conf_t*)>& setup)
    : kind_(kind), api_timeout_(config.api_timeout), shared_(std::make_shared<Shared>()) {
  shared_->address = std::move(address);
  shared_->client = this;
  auto* conf = config.conf.get();
  rd_kafka_conf_set_opaque(conf, shared_.get());
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_error_cb(conf, on_error);
  setup(conf);
  char reason[512] = "";
  // An admin client is a consumer to librdkafka: the metadata requests of a librdkafka producer could create topics.
  handle_ =
      rd_kafka_new(kind == ClientKind::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
  if (handle_ == nullptr) throw ConfigException("settings of the Kafka client for " + shared_->address + ": " + reason);
  // rd_kafka_new() took ownership of the configuration because it succeeded.
  [[maybe_unused]] const auto* owned_by_librdkafka = config.conf.release();
}

KafkaClient::~KafkaClient() {
  // The owner has already left the group or purged its records. So the flag tells librdkafka not to close the consumer
  // again.
  std::packaged_task<void()> destroy(
      [handle = handle_, shared = shared_] { rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
  auto done = destroy.get_future();
  std::thread thread(std::move(destroy));
  if (done.wait_for(kDestroyTimeout) == std::future_status::ready) {
    // The usual case: nothing held the instance back.
    thread.join();
  } else {
    // The thread owns `shared`, so librdkafka's callbacks stay valid.
    thread.detach();
  }
}

void KafkaClient::leave_behind(std::unique_ptr<KafkaClient> client) {
  client->shared_->silent = true;
  [[maybe_unused]] const auto* left_to_the_process = client.release();
}

BrokerException KafkaClient::error(BrokerException::Severity severity, rd_kafka_resp_err_t code,
                                   const std::string& doing, std::string_view detail) const {
  // Built up as: where, what was done, the code, details, the cause of a lost connection, the remedy.
  std::string text = "Kafka at " + shared_->address + ": " + doing + " failed: ";
  text += describe(code);
  if (!detail.empty() && detail != rd_kafka_err2str(code)) {
    text += ": ";
    text += detail;
  }
  auto cause = code;
  // "Timed out" alone does not help the user. So the message also has the brokers' answer about the coordinator, and
  // the last connection error.
  if (is_unreachable(code)) {
    const std::lock_guard lock(shared_->mutex);
    const CoordinatorAnswer& coordinator = shared_->coordinator;
    if (!coordinator.text.empty()) text += ": " + coordinator.text;
    if (coordinator.code != RD_KAFKA_RESP_ERR_NO_ERROR) cause = coordinator.code;
    if (!shared_->last_connection_error.empty()) text += ": last connection error: " + shared_->last_connection_error;
  }
  if (text.find(std::strerror(EMFILE)) != std::string::npos) {
    text += ": " + io_remedy(text, {});
  } else if (const auto remedy = remedy_for(cause); !remedy.empty()) {
    text += ": ";
    text += remedy;
  }
  return BrokerException(severity, text);
}

void KafkaClient::fail(rd_kafka_resp_err_t code, const std::string& doing, std::string_view detail) const {
  const BrokerException problem = error(severity_of(code), code, doing, detail);
  if (is_missing(code)) throw UnknownTopicOrPartitionException(problem);
  throw BrokerException(problem);
}

void KafkaClient::fail(const rd_kafka_error_t& error_object, const std::string& doing) const {
  throw error(severity_of(error_object), rd_kafka_error_code(&error_object), doing,
              rd_kafka_error_string(&error_object));
}

CoordinatorAnswer KafkaClient::coordinator() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->coordinator;
}

std::vector<OffsetReset> KafkaClient::take_offset_resets() {
  // Each poll calls this function, so the usual case takes no lock.
  if (!shared_->was_reset.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(shared_->mutex);
  shared_->was_reset = false;
  return std::exchange(shared_->offset_resets, {});
}

std::string KafkaClient::last_connection_error() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->last_connection_error;
}

MetadataPtr KafkaClient::metadata(const char* topic, Deadline deadline, const std::string& doing) const {
  serve_admin_events();
  TopicPtr handle;
  if (topic != nullptr) {
    // A handle limits the request to this topic. Without one, librdkafka asks for all topics.
    handle.reset(rd_kafka_topic_new(handle_, topic, nullptr));
    if (handle == nullptr) fail(rd_kafka_last_error(), doing);
  }
  for (;;) {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto code = rd_kafka_metadata(handle_, topic == nullptr ? 1 : 0, handle.get(), &answer, deadline.left_ms());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return MetadataPtr(answer);
    // A connection that breaks during the request tells nothing about the next request, so try again.
    if (!worth_another_try(code) || deadline.passed()) fail(code, doing);
    std::this_thread::sleep_for(std::min(Millis(50), Millis(deadline.left_ms())));
  }
}

bool KafkaClient::exists(const TopicPartition& partition, Deadline deadline) const {
  const auto answer = metadata(partition.topic.c_str(), deadline, "asking for topic '" + partition.topic + "'");
  for (int i = 0; i < answer->topic_cnt; ++i) {
    const auto& topic = answer->topics[i];
    if (topic.topic == partition.topic && !is_missing(topic.err)) return partition.partition < topic.partition_cnt;
  }
  return false;
}

void KafkaClient::serve_admin_events() const {
  if (kind_ == ClientKind::admin) rd_kafka_poll(handle_, 0);
}

Watermarks KafkaClient::watermarks(const TopicPartition& partition, Millis timeout) const {
  const Deadline deadline(timeout);
  for (bool verified = false;;) {
    Watermarks result;
    const auto code = rd_kafka_query_watermark_offsets(handle_, partition.topic.c_str(), partition.partition,
                                                       &result.low, &result.high, std::max(1, deadline.left_ms()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return result;
    if (is_missing(code) && !std::exchange(verified, true) && exists(partition, deadline)) continue;
    if (!worth_another_try(code) || deadline.passed()) {
      fail(code, "asking for the offsets of " + partition.str());
    }
    std::this_thread::sleep_for(std::min(Millis(50), Millis(deadline.left_ms())));
  }
}

EventPtr KafkaClient::admin_request(
    rd_kafka_admin_op_t operation, Deadline deadline, const std::string& doing,
    const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) const {
  // Wait one second longer than librdkafka, so that librdkafka's own answer ("timed out", with the cause) arrives in
  // time.
  const Millis timeout(std::max(1, deadline.left_ms()));
  EventPtr event = unchecked_admin_request(operation, timeout, timeout + Millis(1000), send);
  // librdkafka did not even report its own timeout.
  if (event == nullptr) fail(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  const auto code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(code, doing, rd_kafka_event_error_string(event.get()));
  return event;
}

EventPtr KafkaClient::unchecked_admin_request(
    rd_kafka_admin_op_t operation, Millis timeout, Millis patience,
    const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) const {
  serve_admin_events();
  const AdminOptionsPtr options(rd_kafka_AdminOptions_new(handle_, operation));
  const QueuePtr answers(rd_kafka_queue_new(handle_));
  char reason[256] = "";
  const auto code = rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(timeout.count()), reason,
                                                              sizeof reason);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(code, "sending an admin request", reason);
  send(options.get(), answers.get());
  return EventPtr(rd_kafka_queue_poll(answers.get(), static_cast<int>(patience.count())));
}

void KafkaClient::rethrow() {
  if (caught_) std::rethrow_exception(std::exchange(caught_, nullptr));
}

void KafkaClient::on_error(rd_kafka_t* /*handle*/, int code, const char* reason, void* shared) {
  static_cast<Shared*>(shared)->client->note_error(static_cast<rd_kafka_resp_err_t>(code), reason);
}

/// Handles errors that belong to no call. Runs inside the call that serves the client's events.
void KafkaClient::note_error(rd_kafka_resp_err_t code, const char* reason) {
  // on_log() already logged the lost connection. A fatal error makes the next call throw.
  if (is_unreachable(code) || code == RD_KAFKA_RESP_ERR__FATAL) return;
  // A consumer would wait forever without a reason. So the next poll() throws.
  if (kind_ == ClientKind::consumer && (is_missing(code) || code == RD_KAFKA_RESP_ERR__AUTHENTICATION)) {
    guard([&] { fail(code, "reading", reason); });
    return;
  }
  log_seldom(LogLevel::warn, reason, "Kafka at " + shared_->address + ": " + describe(code) + ": " + reason);
}

void KafkaClient::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  // While librdkafka creates a client, `handle` is null.
  auto* shared = handle != nullptr ? static_cast<Shared*>(rd_kafka_opaque(handle)) : nullptr;
  if (shared != nullptr && shared->silent) return;
  std::string_view cause(text);  // [thrd:NAME]: NODE: what happened
  if (const auto end = cause.find("]: "); cause.starts_with("[thrd:") && end != cause.npos) {
    cause.remove_prefix(end + 3);
  }
  if (shared != nullptr) {
    if (auto answer = coordinator_answer(facility, cause)) {
      const std::lock_guard lock(shared->mutex);
      shared->coordinator = std::move(*answer);
    }
  }
  if (auto reset = offset_reset(facility, cause); shared != nullptr && level <= 4 && reset) {
    const std::lock_guard lock(shared->mutex);
    shared->offset_resets.push_back(std::move(*reset));
    shared->was_reset = true;
    return;  // PartitionQueue logs the reset when the next record shows the new offset
  }
  if (shared != nullptr && is_connection_failure(level, facility)) {
    {
      const std::lock_guard lock(shared->mutex);
      // Without "(after 1ms in state CONNECT)" at the end, so that equal failures have equal texts.
      shared->last_connection_error = cause.substr(0, cause.rfind(" (after "));
    }
    // A broker sends at least one batch, even if the batch is larger than the requested size. So each repetition of the
    // request would fail in the same way.
    if (cause.find("Invalid response size") != std::string_view::npos) {
      log_seldom(
          LogLevel::error, "response size",
          "Kafka at " + shared->address +
              ": a response is larger than this client accepts, so nothing can be read: " + std::string(cause) +
              ": raise consumer.receive.message.max.bytes above the size of the largest batch (max.message.bytes "
              "of the topics)");
    }
    log_seldom(LogLevel::warn, "connection to " + shared->address,
               "Kafka at " + shared->address + ": no connection, trying again: " + std::string(cause));
  }
  const auto log_level = log_level_for(level, facility);
  if (!log_enabled(log_level)) return;
  const auto line = "librdkafka " + std::string(facility) + ": " + text;
  if (log_level < LogLevel::warn) {
    log(log_level, line);
  } else {
    log_seldom(log_level, line, line);
  }
}

}  // namespace millrace::detail::kafka
