#include "broker/kafka/kafka_consumer.hpp"

// How a KafkaConsumer becomes a member of its group, is one, and leaves it.

#include <algorithm>
#include <array>
#include <utility>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/kafka_log.hpp"
#include "broker/kafka/partition_list.hpp"

namespace millrace::detail::kafka {
namespace {

constexpr Millis kLeaveTimeout{5'000};
/// How long a consumer that is closed while it joins its group waits for its first assignment.
constexpr Millis kFirstAssignmentTimeout{2'000};

std::string names(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (const auto& partition : partitions) text += (text.empty() ? "" : ", ") + partition.str();
  return text;
}

}  // namespace

void KafkaConsumer::connect() {
  client_ = make_client_();
  had_assignment_ = false;
  rd_kafka_poll_set_consumer(client_->handle());
  group_queue_.reset(rd_kafka_queue_get_consumer(client_->handle()));
  rd_kafka_queue_cb_event_enable(group_queue_.get(), WakeSignal::on_queue_event, &signal_);
}

void KafkaConsumer::disconnect() {
  const bool destroyable = await_first_assignment();
  leave_group();
  rd_kafka_queue_cb_event_enable(group_queue_.get(), nullptr, nullptr);
  group_queue_.reset();
  if (!destroyable) KafkaClient::leave_behind(std::move(client_));
  client_.reset();
}

KafkaConsumer::~KafkaConsumer() { disconnect(); }

/// librdkafka (2.0.2) aborts the process if it is destroyed when the group has accepted the consumer but not told it
/// its first partitions. This waits for them; returns false if they do not come in time, which makes the client unfit
/// to be destroyed.
bool KafkaConsumer::await_first_assignment() {
  // Before it has a member id, it does not even wait for the group.
  const auto joining = [this] {
    if (listener_ == nullptr || had_assignment_) return false;
    char* member_id = rd_kafka_memberid(client_->handle());
    const bool known = member_id != nullptr && *member_id != '\0';
    if (member_id != nullptr) rd_kafka_mem_free(client_->handle(), member_id);
    return known;
  };
  if (!joining()) return true;
  listener_ = nullptr;  // it is not to hear of partitions that are given back at once
  const Deadline deadline(kFirstAssignmentTimeout);
  std::array<rd_kafka_message_t*, 1> messages;
  while (!had_assignment_ && !deadline.passed()) {
    const auto count = rd_kafka_consume_batch_queue(group_queue_.get(), std::min(100, deadline.left_ms()),
                                                    messages.data(), messages.size());
    if (count > 0) rd_kafka_message_destroy(messages[0]);
  }
  return had_assignment_;
}

/// Revokes what is assigned and tells the coordinator, but does not wait longer than kLeaveTimeout for it: without it
/// the coordinator finds out by session.timeout.ms.
void KafkaConsumer::leave_group() {
  const QueuePtr events(rd_kafka_queue_new(client_->handle()));
  if (const ErrorPtr error(rd_kafka_consumer_close_queue(client_->handle(), events.get())); error != nullptr) return;
  const Deadline deadline(kLeaveTimeout);
  std::array<rd_kafka_message_t*, 16> messages;
  while (rd_kafka_consumer_closed(client_->handle()) == 0 && !deadline.passed()) {
    const auto count =
        rd_kafka_consume_batch_queue(events.get(), std::min(100, deadline.left_ms()), messages.data(), 1);
    if (count > 0) rd_kafka_message_destroy(messages[0]);
  }
  try {
    client_->rethrow();
  } catch (const std::exception& error) {
    log(LogLevel::warn, std::string("while the consumer was closed: ") + error.what());
  }
  partitions_.clear();
  order_.clear();
}

void KafkaConsumer::subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) {
  if (group_id_.empty()) throw ConfigException("a consumer without group.id cannot subscribe: give it one or assign()");
  listener_ = &listener;
  std::vector<TopicPartition> subscription;
  for (const auto& topic : topics) subscription.push_back({topic, RD_KAFKA_PARTITION_UA});
  const auto code = rd_kafka_subscribe(client_->handle(), to_list(subscription).get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) client_->fail(code, "subscribing");
}

/// By a new client: librdkafka (2.0.2) may never get back into the group if it is told to leave right after it joined.
void KafkaConsumer::unsubscribe() {
  if (listener_ == nullptr) {
    assign({});
    return;
  }
  disconnect();
  listener_ = nullptr;
  connect();
}

ConsumerGroupMetadata KafkaConsumer::group_metadata() const {
  auto* metadata = rd_kafka_consumer_group_metadata(client_->handle());
  if (metadata == nullptr) return ConsumerGroupMetadata(group_id_);
  return ConsumerGroupMetadata(group_id_, std::shared_ptr<const void>(metadata, [](const void* m) {
                                 rd_kafka_consumer_group_metadata_destroy(
                                     static_cast<rd_kafka_consumer_group_metadata_t*>(const_cast<void*>(m)));
                               }));
}

void KafkaConsumer::on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                 rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& self = KafkaClient::owner<KafkaConsumer>(opaque);
  self.rebalanced_ = true;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) self.had_assignment_ = true;
  const auto list = to_vector(*partitions);
  if (self.listener_ == nullptr) {  // unsubscribed in the meantime
    // The change must be acknowledged by the protocol's own calls; unsubscribing takes everything back by itself.
    const ErrorPtr ignored(code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
                               ? rd_kafka_incremental_assign(handle, partitions)
                               : rd_kafka_incremental_unassign(handle, partitions));
    return;
  }
  switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: self.assigned(list); return;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: self.revoked(list, rd_kafka_assignment_lost(handle) != 0); return;
    default:
      log(LogLevel::warn, "rebalance of group '" + self.group_id_ + "' failed: " + describe(code));
      self.revoked(list, true);
  }
}

void KafkaConsumer::assigned(const std::vector<TopicPartition>& partitions) {
  auto to_read = partitions;
  client_->guard([&] { to_read = listener_->on_partitions_assigned(partitions); });
  for (const auto& partition : to_read) add(partition, std::nullopt);
  if (to_read.size() > partitions.size()) learn_leaders(to_read);
  const ErrorPtr error(rd_kafka_incremental_assign(client_->handle(), to_list(to_read).get()));
  if (error != nullptr) client_->guard([&] { client_->fail(*error, "taking over " + names(to_read)); });
}

void KafkaConsumer::revoked(const std::vector<TopicPartition>& partitions, bool lost) {
  auto to_stop = partitions;
  client_->guard([&] {
    if (!partitions.empty()) {
      to_stop = lost ? listener_->on_partitions_lost(partitions) : listener_->on_partitions_revoked(partitions);
    }
  });
  std::erase_if(to_stop, [&](const TopicPartition& partition) { return !partitions_.contains(partition); });
  const ErrorPtr error(rd_kafka_incremental_unassign(client_->handle(), to_list(to_stop).get()));
  if (error != nullptr) client_->guard([&] { client_->fail(*error, "giving up " + names(to_stop)); });
  for (const auto& partition : to_stop) remove(partition);
}

}  // namespace millrace::detail::kafka
