// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/partition_queue.hpp"

#include <algorithm>
#include <utility>

#include "broker/kafka/partition_list.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::kafka {
namespace {

/// If fewer messages than this wait, the next fetch should be under way. Half of the default of queued.min.messages.
constexpr std::size_t kLow = 5'000;
/// The shortest time between two nudges. Bounds the extra requests to 200 per second and partition.
constexpr auto kNudgePause = std::chrono::milliseconds(5);

/// Copies the headers. A header value may be null, which differs from an empty value.
Headers headers_of(const rd_kafka_message_t& message) {
  Headers result;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return result;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    if (value == nullptr) {
      result.add(name, std::nullopt);
    } else {
      result.add(name, std::string(static_cast<const char*>(value), size));
    }
  }
  return result;
}

/// A null pointer is a null key or value. An empty key or value has a pointer that is not null.
BytesView view(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

PartitionQueue::PartitionQueue(rd_kafka_t* client, const std::string& topic, std::int32_t partition, WakeSignal& signal,
                               std::optional<std::int64_t> start)
    : client_(client),
      topic_(topic),
      partition_(partition),
      queue_(rd_kafka_queue_get_partition(client, topic.c_str(), partition)),
      position_(start) {
  // Stops librdkafka from forwarding this queue to the consumer's common queue.
  rd_kafka_queue_forward(queue_.get(), nullptr);
  rd_kafka_queue_cb_event_enable(queue_.get(), WakeSignal::on_queue_event, &signal);
}

PartitionQueue::~PartitionQueue() { rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr); }

void PartitionQueue::append(MessagePtr message, std::vector<ConsumerRecord>& records) {
  auto& record = records.emplace_back();
  record.topic = &topic_;
  record.partition = partition_;
  record.offset = message->offset;
#if RD_KAFKA_VERSION >= 0x020100ff
  if (const auto epoch = rd_kafka_message_leader_epoch(message.get()); epoch >= 0) record.leader_epoch = epoch;
#endif
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp = rd_kafka_message_timestamp(message.get(), &type);
  record.key = view(message->key, message->key_len);
  record.value = view(message->payload, message->len);
  record.headers = headers_of(*message);
  // The message is freed together with the record. Until then, librdkafka keeps its memory and the client alive.
  record.buffer =
      RecordBuffer(message.release(), [](void* m) { rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(m)); });
}

void PartitionQueue::arrived(std::int64_t offset) {
  // Records that were fetched before the reset may still arrive. They follow the position without a gap, so the first
  // gap shows the new offset.
  if (reset_from_ && (!fetched_ || offset != position_)) {
    log(LogLevel::warn, name() + ": offset " + std::to_string(*reset_from_) +
                            " is not in the log: reading continues at offset " + std::to_string(offset) +
                            " (auto.offset.reset)");
    reset_from_.reset();
  }
  fetched_ = true;
}

void PartitionQueue::accept(MessagePtr message, std::vector<ConsumerRecord>& records, Taken& taken) {
  // Three kinds of messages: a record, the end of the partition, or an error of this partition.
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    arrived(message->offset);
    position_ = message->offset + 1;
    ++taken.records;
    append(std::move(message), records);
  } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    arrived(message->offset);
    position_ = end_ = message->offset;
  } else if (taken.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    taken.error = message->err;
    taken.error_text = rd_kafka_message_errstr(message.get());
  }
}

PartitionQueue::Taken PartitionQueue::take(std::vector<ConsumerRecord>& records, std::size_t max) {
  Taken taken;
  if (max == 0) return taken;
  // The peeked message came from the head of the queue, so it goes out first.
  if (peeked_ != nullptr) {
    accept(std::exchange(peeked_, nullptr), records, taken);
    taken.moved = true;
    if (--max == 0) return taken;
  }
  const auto before = waiting();
  // left_behind_ is the length after the last call. A queue that did not grow since then got no new records.
  const bool nothing_new = before <= left_behind_;
  left_behind_ = before;
  if (before == 0) return taken;
  taken.moved = true;
  caught_up_ = false;
  batch_.resize(std::min(before, max));
  // Never ask for more messages than the queue holds: librdkafka waits for a full batch.
  const auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, batch_.data(), batch_.size());
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    accept(MessagePtr(batch_[static_cast<std::size_t>(i)]), records, taken);
  }
  left_behind_ = waiting();
  // Nothing arrived between the last two calls, and the queue runs low. librdkafka may have stopped fetching.
  if (nothing_new && left_behind_ < kLow) nudge();
  return taken;
}

void PartitionQueue::peek() {
  while (peeked_ == nullptr && waiting() > 0) {
    rd_kafka_message_t* first = nullptr;
    if (rd_kafka_consume_batch_queue(queue_.get(), 0, &first, 1) != 1) continue;  // it was a transaction marker
    MessagePtr message(first);
    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      peeked_ = std::move(message);
    } else {
      arrived(message->offset);
      position_ = end_ = message->offset;
    }
  }
}

std::optional<std::int64_t> PartitionQueue::high_watermark() const {
  std::int64_t low = 0;
  std::int64_t high = -1;
  if (rd_kafka_get_watermark_offsets(client_, topic_.c_str(), partition_, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      high < 0) {
    return std::nullopt;
  }
  return high;
}

std::optional<std::int64_t> PartitionQueue::position() {
  if (fetched_ && peeked_ == nullptr) {  // librdkafka's position is behind the peeked record
    const auto list = to_list(TopicPartition{topic_, partition_}, RD_KAFKA_OFFSET_INVALID);
    if (rd_kafka_position(client_, list.get()) == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[0].offset > *position_) {
      position_ = list->elems[0].offset;
    }
  }
  return position_;
}

std::optional<std::int64_t> PartitionQueue::lag() {
  // The task asks for the lag with each record of its other partitions, so this case must be cheap. After the partition
  // is caught up, only a message in the queue can change the lag.
  if (caught_up_ && waiting() == 0) return 0;
  caught_up_ = false;
  peek();
  if (!fetched_) return std::nullopt;
  const auto at = *position();
  const auto high = high_watermark();
  // The watermark was read after peek(). Records that arrive in between raise it before they are queued, so they are
  // not overlooked.
  if (peeked_ == nullptr && (end_ == at || (high && at >= *high))) {
    caught_up_ = true;
    return 0;
  }
  if (!high) return std::nullopt;
  // At least 1: the end is not confirmed, so the partition does not count as caught up.
  return std::max<std::int64_t>(*high - at, 1);
}

bool PartitionQueue::starved() {
  if (!fetched_ || peeked_ != nullptr || waiting() > 0 || end_ == position_) return false;
  const auto high = high_watermark();
  return high && *high > *position_;
}

void PartitionQueue::nudge() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_nudge_ < kNudgePause || end_ == position_) return;
  last_nudge_ = now;
  // Sends a ListOffsets request to the leader and does not wait for the answer. The request wakes the leader's thread,
  // which then fetches again.
  const auto list = to_list(TopicPartition{topic_, partition_}, RD_KAFKA_OFFSET_END);
  rd_kafka_offsets_for_times(client_, list.get(), 0);
}

void PartitionQueue::restart_at(std::optional<std::int64_t> offset) {
  // librdkafka discards what it queued before the seek. The peeked message is the only one that we hold.
  peeked_.reset();
  reset_from_.reset();
  position_ = offset;
  end_.reset();
  fetched_ = false;
  caught_up_ = false;
  left_behind_ = 0;
}

}  // namespace millrace::detail::kafka
