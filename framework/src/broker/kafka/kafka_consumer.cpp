// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_consumer.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/kafka_log.hpp"
#include "broker/kafka/partition_list.hpp"

namespace millrace::detail::kafka {
namespace {

/// The longest sleep inside poll(). Then poll() calls librdkafka again, which counts as a sign of life for
/// max.poll.interval.ms.
constexpr Millis kLongestSleep{1'000};
/// The sleep while a queue is starved, so that the next nudge comes soon.
constexpr Millis kStarvedSleep{5};
/// How long a lookup of offsets or leaders may take before librdkafka is left to do it on its own.
constexpr Millis kResolveTimeout{2'000};

/// Negative offsets are librdkafka's codes for "beginning", "end" and "unknown".
std::optional<std::int64_t> known(std::int64_t offset) { return offset >= 0 ? std::optional(offset) : std::nullopt; }

/// The error's text with the topic's name. librdkafka's own text does not always name the topic.
std::string error_text(const rd_kafka_message_t& message) {
  std::string text = rd_kafka_message_errstr(&message);
  if (message.rkt == nullptr) return text;
  const std::string topic = rd_kafka_topic_name(message.rkt);
  return text.find(topic) == std::string::npos ? "topic '" + topic + "': " + text : text;
}

}  // namespace

KafkaConsumer::KafkaConsumer(const std::string& address, const ClientConfig& common, const ClientConfig& config)
    : make_client_([this, address, common, config] {
        auto client = std::make_unique<KafkaClient>(
            ClientKind::consumer, address, prepare_config(ClientKind::consumer, address, common, config),
            [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_rebalance_cb(conf, on_rebalance); });
        client->set_owner(this);
        return client;
      }) {
  if (const auto found = config.find("group.id"); found != config.end()) group_id_ = found->second;
  connect();
}

void KafkaConsumer::assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) {
  const bool assigned_before = !partitions_.empty();
  order_.clear();
  partitions_.clear();
  const PartitionListPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto& [partition, offset] : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = offset;
  }
  resolve(*list);
  for (int i = 0; i < list->cnt; ++i) {
    add({list->elems[i].topic, list->elems[i].partition}, known(list->elems[i].offset));
  }
  const auto code = rd_kafka_assign(client_->handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) client_->fail(code, "assigning partitions");
  if (assigned_before) await_stops();
}

/// Waits until librdkafka has stopped the partitions of the assignment before. librdkafka 2.0.2 stops them a moment
/// after rd_kafka_assign(). If the next assignment or the end of the client comes earlier, it stops a partition twice,
/// and an assertion ends the process. The main thread of librdkafka serves its queue in order. So the first question is
/// answered after the stop, and the second one after the notice that the stop is done.
void KafkaConsumer::await_stops() {
  for (int i = 0; i < 2; ++i) {
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    // An error is one of the whole client, which the next call reports.
    if (rd_kafka_assignment(client_->handle(), &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_topic_partition_list_destroy(assigned);
    }
  }
}

/// librdkafka can look up these offsets itself, but then waits for half a second if it does not know the partition's
/// leader yet. The request covers all partitions, so that a missing topic is reported by this call. If the request
/// fails for another reason, the offsets stay symbolic and librdkafka looks them up later.
void KafkaConsumer::resolve(rd_kafka_topic_partition_list_t& list) {
  if (list.cnt == 0) return;
  const Deadline deadline(std::min(kResolveTimeout, client_->api_timeout()));
  auto missing = resolve_once(list, deadline);
  if (missing.empty()) return;
  const auto gone = std::ranges::find_if_not(missing, [&](const auto& one) { return client_->exists(one, deadline); });
  // exists() has corrected what librdkafka knows of the other topics.
  if (gone == missing.end()) missing = resolve_once(list, deadline);
  if (missing.empty()) return;
  client_->fail(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "assigning " + missing.front().str());
}

/// Returns the partitions that do not exist, according to what librdkafka knows.
std::vector<TopicPartition> KafkaConsumer::resolve_once(rd_kafka_topic_partition_list_t& list,
                                                        const Deadline& deadline) {
  const PartitionListPtr asked(rd_kafka_topic_partition_list_copy(&list));
  for (int i = 0; i < asked->cnt; ++i) {
    // rd_kafka_offsets_for_times() reads the offset as a time. The codes for "beginning" and "end" mean the same as
    // times.
    if (asked->elems[i].offset >= 0) asked->elems[i].offset = RD_KAFKA_OFFSET_END;
    // As a time, kOffsetBeginning and kOffsetEnd mean the same.
  }
  const auto code = rd_kafka_offsets_for_times(client_->handle(), asked.get(), std::max(1, deadline.left_ms()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !is_missing(code)) return {};
  std::vector<TopicPartition> missing;
  for (int i = 0; i < asked->cnt; ++i) {
    const auto& answer = asked->elems[i];
    if (is_missing(code) || is_missing(answer.err)) missing.push_back({answer.topic, answer.partition});
    auto& element = list.elems[i];
    if (element.offset < 0 && answer.err == RD_KAFKA_RESP_ERR_NO_ERROR && answer.offset >= 0) {
      element.offset = answer.offset;
    }
  }
  return missing;
}

/// The group makes librdkafka look up the leaders of subscribed topics only. Partitions of other topics have no known
/// leader. For such a partition without a committed offset, librdkafka would wait for half a second or more. An error
/// here is ignored: librdkafka then does its own slow lookup.
void KafkaConsumer::learn_leaders(const std::vector<TopicPartition>& partitions) {
  const auto list = to_list(partitions);
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
  rd_kafka_offsets_for_times(client_->handle(), list.get(), static_cast<int>(kResolveTimeout.count()));
}

void KafkaConsumer::poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis timeout) {
  const Deadline deadline(timeout);
  for (;;) {
    // Cleared before the queues are checked, see WakeSignal::clear().
    signal_.clear();
    const bool rebalanced = serve_group();
    client_->rethrow();
    for (const OffsetReset& reset : client_->take_offset_resets()) {
      const auto found = partitions_.find({reset.topic, reset.partition});
      if (found != partitions_.end()) found->second->was_reset(reset.from);
    }
    const auto before = records.size();
    const bool moved = take_records(records, max_records);
    if (records.size() == before) client_->rethrow();  // otherwise the next poll() throws, so that no record is lost
    if (rebalanced || moved || woken_.exchange(false) || deadline.passed()) return;
    const auto longest = nudge_starved() ? kStarvedSleep : kLongestSleep;
    signal_.wait(std::min(longest, Millis(deadline.left_ms())));
  }
}

bool KafkaConsumer::serve_group() {
  rebalanced_ = false;
  // Handles all events before it throws, so that no event is lost. The last problem is thrown.
  std::array<rd_kafka_message_t*, 16> messages;
  do {
    // This call is made even if the queue is empty: librdkafka takes it as a sign of life (max.poll.interval.ms).
    const auto count = rd_kafka_consume_batch_queue(group_queue_.get(), 0, messages.data(), messages.size());
    std::exception_ptr problem;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const auto code = messages[static_cast<std::size_t>(i)]->err;
      const auto text = code != RD_KAFKA_RESP_ERR_NO_ERROR ? error_text(*messages[i]) : std::string();
      rd_kafka_message_destroy(messages[i]);
      try {
        handle_error(code, text);
      } catch (...) {
        problem = std::current_exception();
      }
    }
    if (problem) std::rethrow_exception(problem);
  } while (rd_kafka_queue_length(group_queue_.get()) > 0);
  return std::exchange(rebalanced_, false);
}

void KafkaConsumer::handle_error(rd_kafka_resp_err_t code, const std::string& text) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || is_unreachable(code)) return;  // librdkafka reconnects, on_log() logs
  // librdkafka looks up the coordinator of a group even for a consumer that only calls assign(). Then the error does
  // not matter.
  if (group_id_.empty() && code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) return;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char reason[512] = "";
    const auto cause = rd_kafka_fatal_error(client_->handle(), reason, sizeof reason);
    client_->fail(cause, "reading", reason);
  }
  if (is_missing(code)) client_->fail(code, "reading", text);
  if (severity_of(code) == BrokerException::Severity::retriable || code == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
    log_seldom(LogLevel::warn, text, "Kafka consumer: " + describe(code) + ": " + text);
    return;
  }
  client_->fail(code, "reading", text);
}

bool KafkaConsumer::take_records(std::vector<ConsumerRecord>& records, std::size_t max_records) {
  bool moved = false;
  std::size_t room = max_records;
  // Starts where the last call stopped, so that a busy partition cannot starve the others.
  for (std::size_t i = 0; i < order_.size() && room > 0; ++i) {
    if (next_ >= order_.size()) next_ = 0;
    auto& queue = *order_[next_++];
    if (queue.paused) continue;
    const auto taken = queue.take(records, room);
    room -= taken.records;
    moved = moved || taken.moved;
    if (taken.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Stored and thrown later, because records of other partitions may already be in `records`.
      client_->guard([&] { handle_error(taken.error, queue.name() + ": " + taken.error_text); });
    }
  }
  return moved;
}

bool KafkaConsumer::nudge_starved() {
  bool starved = false;
  for (auto* queue : order_) {
    if (queue->paused || !queue->starved()) continue;
    queue->nudge();
    starved = true;
  }
  return starved;
}

void KafkaConsumer::wakeup() {
  woken_ = true;
  signal_.raise();
}

void KafkaConsumer::pause(const std::vector<TopicPartition>& partitions) {
  for (const auto& partition : partitions) assigned_queue(partition, "pausing").paused = true;
}

void KafkaConsumer::resume(const std::vector<TopicPartition>& partitions) {
  for (const auto& partition : partitions) assigned_queue(partition, "resuming").paused = false;
}

void KafkaConsumer::seek(const TopicPartition& partition, std::int64_t offset) {
  auto& queue = assigned_queue(partition, "seeking");
  const Deadline deadline(client_->api_timeout());
  seek_once(partition, offset, deadline);
  if (!queue.fetched()) {
    // librdkafka may still be asking the leader for the partition's start offset. The seek makes that answer outdated.
    // librdkafka then asks again after half a second and reads from there, which undoes the seek. A second seek in
    // between prevents this. The leader answers in order: when the answer to this request is here, the outdated answer
    // is here too.
    (void)client_->watermarks(partition, Millis(std::max(1, deadline.left_ms())));
    seek_once(partition, offset, deadline);
  }
  queue.restart_at(known(offset));
}

void KafkaConsumer::seek_once(const TopicPartition& partition, std::int64_t offset, const Deadline& deadline) {
  const auto doing = "seeking " + partition.str() + " to " + std::to_string(offset);
  for (;;) {
    const auto list = to_list(partition, offset);
    const ErrorPtr error(rd_kafka_seek_partitions(client_->handle(), list.get(), std::max(1, deadline.left_ms())));
    if (error != nullptr) client_->fail(*error, doing);
    const auto code = list->elems[0].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    // These codes mean: the partition was assigned just now, and its committed offset is still being looked up.
    const bool starting = code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS ||
                          code == RD_KAFKA_RESP_ERR__IN_PROGRESS;
    if (!starting) client_->fail(code, doing);
    if (deadline.passed()) {
      // The lookup can take long after an outage. Or the group has taken the partition away, and only poll() can notice
      // that.
      throw client_->error(BrokerException::Severity::retriable, code, doing, "the partition is not being read yet");
    }
    std::this_thread::sleep_for(Millis(5));
  }
}

std::optional<std::int64_t> KafkaConsumer::position(const TopicPartition& partition) {
  return assigned_queue(partition, "asking for the position").position();
}

std::optional<std::int64_t> KafkaConsumer::current_lag(const TopicPartition& partition) {
  return assigned_queue(partition, "asking for the lag").lag();
}

Watermarks KafkaConsumer::query_watermarks(const TopicPartition& partition, Millis timeout) {
  return client_->watermarks(partition, timeout);
}

std::optional<std::int64_t> KafkaConsumer::offset_for_time(const TopicPartition& partition, Timestamp timestamp,
                                                           Millis timeout) {
  const auto doing = "asking for the first record of " + partition.str() + " at or after " + std::to_string(timestamp);
  const Deadline deadline(timeout);
  for (bool verified = false;;) {
    const auto list = to_list(partition, timestamp);
    auto code = rd_kafka_offsets_for_times(client_->handle(), list.get(), std::max(1, deadline.left_ms()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = list->elems[0].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return known(list->elems[0].offset);
    if (is_missing(code) && !std::exchange(verified, true) && client_->exists(partition, deadline)) continue;
    if (!worth_another_try(code) || deadline.passed()) client_->fail(code, doing);
    std::this_thread::sleep_for(std::min(Millis(50), Millis(deadline.left_ms())));
  }
}

std::map<TopicPartition, OffsetAndMetadata> KafkaConsumer::committed(const std::vector<TopicPartition>& partitions,
                                                                     Millis timeout) {
  if (group_id_.empty()) throw ConfigException("a consumer without group.id has no committed offsets: give it one");
  if (partitions.empty()) return {};
  const auto doing = "asking for the committed offsets of group '" + group_id_ + "'";
  const Deadline deadline(timeout);
  for (;;) {
    // No admin request, because librdkafka can crash on one: see CoordinatorClient.
    const auto list = to_list(partitions);
    auto code = rd_kafka_committed(client_->handle(), list.get(), std::max(1, deadline.left_ms()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      auto committed = to_committed(*list);
      if (committed.problem == RD_KAFKA_RESP_ERR_NO_ERROR) return std::move(committed.offsets);
      code = committed.problem;
    }
    // librdkafka repeats the request while a transaction with offsets of this group is open, and reports only a
    // timeout.
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT)
      client_->fail(code, doing, "or an open transaction is about to commit offsets");
    if (!worth_another_try(code) || deadline.passed()) client_->fail(code, doing);
    std::this_thread::sleep_for(std::min(Millis(20), Millis(deadline.left_ms())));
  }
}

void KafkaConsumer::commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  if (offsets.empty()) return;
  if (group_id_.empty()) throw ConfigException("a consumer without group.id cannot commit: give it one");
  const Deadline deadline(client_->api_timeout());
  for (;;) {
    const auto code = commit_once(offsets, deadline);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    // During a rebalance a retry cannot help. The caller has to poll first.
    const bool try_again =
        severity_of(code) == BrokerException::Severity::retriable && code != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    if (!try_again || deadline.passed()) client_->fail(code, "committing offsets of group '" + group_id_ + "'");
    std::this_thread::sleep_for(std::min(Millis(100), Millis(deadline.left_ms())));
  }
}

/// Does not use rd_kafka_commit(), because that call waits for session.timeout.ms if the coordinator is away.
rd_kafka_resp_err_t KafkaConsumer::commit_once(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                               Deadline deadline) {
  const QueuePtr answers(rd_kafka_queue_new(client_->handle()));
  const auto code = rd_kafka_commit_queue(client_->handle(), to_list(offsets).get(), answers.get(), nullptr, nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  const EventPtr answer(rd_kafka_queue_poll(answers.get(), deadline.left_ms()));
  if (answer == nullptr) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (const auto failed = rd_kafka_event_error(answer.get())) return failed;
  const auto* list = rd_kafka_event_topic_partition_list(answer.get());
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return list->elems[i].err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void KafkaConsumer::add(const TopicPartition& partition, std::optional<std::int64_t> start) {
  const auto& topic = *topic_names_.insert(partition.topic).first;
  auto& queue = partitions_[partition];
  if (queue != nullptr) return;
  queue = std::make_unique<PartitionQueue>(client_->handle(), topic, partition.partition, signal_, start);
  order_.push_back(queue.get());
}

void KafkaConsumer::remove(const TopicPartition& partition) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  std::erase(order_, found->second.get());
  partitions_.erase(found);
}

PartitionQueue& KafkaConsumer::assigned_queue(const TopicPartition& partition, const char* doing) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) {
    throw BrokerException(BrokerException::Severity::fatal,
                          std::string(doing) + " failed: " + partition.str() + " is not assigned to this consumer");
  }
  return *found->second;
}

}  // namespace millrace::detail::kafka
