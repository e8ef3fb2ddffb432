// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_consumer.hpp"

// The part of KafkaConsumer that joins the group, handles rebalances, and leaves the group.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/kafka_log.hpp"
#include "broker/kafka/partition_list.hpp"

namespace millrace::detail::kafka {
namespace {

/// How long closing waits for the coordinator.
constexpr Millis kLeaveTimeout{5'000};
/// How long closing waits for the first assignment if the consumer is just joining its group.
constexpr Millis kFirstAssignmentTimeout{2'000};

/// The partitions as a list for messages.
std::string names(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (const auto& partition : partitions) text += (text.empty() ? "" : ", ") + partition.str();
  return text;
}

/// The member id and the generation in librdkafka's group metadata. librdkafka has no function that returns them. So
/// they are read from the bytes that librdkafka writes for bindings of other languages: `CGMDv2:`, the generation (4
/// bytes in the byte order of the machine), the group id and the member id. Both ids end with a zero byte. Throws a
/// fatal BrokerException for another format.
std::pair<std::string, std::int32_t> membership_in(const rd_kafka_consumer_group_metadata_t& metadata) {
  constexpr std::string_view kFormat = "CGMDv2:";
  void* buffer = nullptr;
  std::size_t size = 0;
  const ErrorPtr error(rd_kafka_consumer_group_metadata_write(&metadata, &buffer, &size));
  // librdkafka allocates the buffer with malloc().
  const std::unique_ptr<void, Destroyer<std::free>> owner(error == nullptr ? buffer : nullptr);
  const std::string_view rest(static_cast<const char*>(owner.get()), error == nullptr ? size : 0);
  std::int32_t generation = ConsumerGroupMetadata::kUnknownGeneration;
  const std::size_t group_at = kFormat.size() + sizeof generation;
  const std::size_t member_at = rest.find('\0', std::min(group_at, rest.size())) + 1;
  const std::size_t member_end = rest.find('\0', member_at);
  if (!rest.starts_with(kFormat) || member_at == 0 || member_end == std::string_view::npos) {
    throw BrokerException(BrokerException::Severity::fatal,
                          std::string("librdkafka ") + rd_kafka_version_str() +
                              " writes a consumer's group metadata in an unknown format: use a version from 2.0.2 "
                              "whose format is CGMDv2");
  }
  std::memcpy(&generation, rest.data() + kFormat.size(), sizeof generation);
  return {std::string(rest.substr(member_at, member_end - member_at)), generation};
}

}  // namespace

void KafkaConsumer::connect() {
  client_ = make_client_();
  had_assignment_ = false;
  // Sends the client's general events to the consumer's queue, so that serve_group() sees all of them.
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

/// Works around a fault of librdkafka 2.0.2. If a client is destroyed after the group accepted the member but before
/// the first assignment arrived, librdkafka aborts the process. This function waits for the first assignment. It
/// returns false if the assignment does not come in time. Then the client must not be destroyed.
bool KafkaConsumer::await_first_assignment() {
  // Without a member id, the group has not accepted the client, and the client can be destroyed.
  const auto joining = [this] {
    if (listener_ == nullptr || had_assignment_) return false;
    char* member_id = rd_kafka_memberid(client_->handle());
    const bool known = member_id != nullptr && *member_id != '\0';
    if (member_id != nullptr) rd_kafka_mem_free(client_->handle(), member_id);
    return known;
  };
  if (!joining()) return true;
  listener_ = nullptr;  // the listener must not hear of partitions that are given back at once
  const Deadline deadline(kFirstAssignmentTimeout);
  std::array<rd_kafka_message_t*, 1> messages;
  while (!had_assignment_ && !deadline.passed()) {
    const auto count = rd_kafka_consume_batch_queue(group_queue_.get(), std::min(100, deadline.left_ms()),
                                                    messages.data(), messages.size());
    if (count > 0) rd_kafka_message_destroy(messages[0]);
  }
  return had_assignment_;
}

/// Waits for at most kLeaveTimeout. If the coordinator does not hear from the consumer, it removes the member after
/// session.timeout.ms.
///
/// Works around a fault of librdkafka 2.0.2: a member without partitions leaves without telling the group. The group
/// may then assign partitions to it, and nobody reads them until session.timeout.ms is over. A member that unsubscribes
/// first tells the group.
void KafkaConsumer::leave_group() {
  if (had_assignment_ && partitions_.empty()) rd_kafka_unsubscribe(client_->handle());
  const QueuePtr events(rd_kafka_queue_new(client_->handle()));
  if (const ErrorPtr error(rd_kafka_consumer_close_queue(client_->handle(), events.get())); error != nullptr) return;
  const Deadline deadline(kLeaveTimeout);
  std::array<rd_kafka_message_t*, 16> messages;
  while (rd_kafka_consumer_closed(client_->handle()) == 0 && !deadline.passed()) {
    const auto count =
        rd_kafka_consume_batch_queue(events.get(), std::min(100, deadline.left_ms()), messages.data(), 1);
    // The rebalance callback already ran inside the call above. The remaining events are of no use.
    if (count > 0) rd_kafka_message_destroy(messages[0]);
  }
  try {
    // A destructor runs this code, so an error of the listener can only be logged.
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

/// Replaces the client. If librdkafka 2.0.2 is told to leave right after it joined, it may never get back into the
/// group.
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
  // Null before the first subscribe().
  auto* metadata = rd_kafka_consumer_group_metadata(client_->handle());
  if (metadata == nullptr) return ConsumerGroupMetadata(group_id_);
  std::shared_ptr<const void> native(metadata, [](const void* m) {
    rd_kafka_consumer_group_metadata_destroy(static_cast<rd_kafka_consumer_group_metadata_t*>(const_cast<void*>(m)));
  });
  auto [member_id, generation_id] = membership_in(*metadata);
  return {group_id_, std::move(member_id), generation_id, std::move(native)};
}

void KafkaConsumer::on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                 rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& self = KafkaClient::owner<KafkaConsumer>(opaque);
  self.rebalanced_ = true;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) self.had_assignment_ = true;
  const auto list = to_vector(*partitions);
  if (self.listener_ == nullptr) {  // unsubscribed in the meantime
    // The cooperative protocol requires that each change is acknowledged. Leaving the group gives everything back
    // anyway.
    const ErrorPtr ignored(code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
                               ? rd_kafka_incremental_assign(handle, partitions)
                               : rd_kafka_incremental_unassign(handle, partitions));
    return;
  }
  switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: self.assigned(list); return;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: self.revoked(list, rd_kafka_assignment_lost(handle) != 0); return;
    default:
      // The rebalance failed, so the member may have lost its partitions. Nothing may be committed.
      log(LogLevel::warn, "rebalance of group '" + self.group_id_ + "' failed: " + describe(code));
      self.revoked(list, true);
  }
}

void KafkaConsumer::assigned(const std::vector<TopicPartition>& partitions) {
  auto to_read = partitions;
  client_->guard([&] { to_read = listener_->on_partitions_assigned(partitions); });
  // Queues first: after rd_kafka_incremental_assign() records may arrive at once.
  for (const auto& partition : to_read) add(partition, std::nullopt);
  // The listener added partitions of topics that are not subscribed to.
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
  // The listener may name partitions that are not assigned. librdkafka would refuse the whole list.
  std::erase_if(to_stop, [&](const TopicPartition& partition) { return !partitions_.contains(partition); });
  const ErrorPtr error(rd_kafka_incremental_unassign(client_->handle(), to_list(to_stop).get()));
  if (error != nullptr) client_->guard([&] { client_->fail(*error, "giving up " + names(to_stop)); });
  // Last, so that fetched records of these partitions are discarded and never returned.
  for (const auto& partition : to_stop) remove(partition);
}

}  // namespace millrace::detail::kafka
