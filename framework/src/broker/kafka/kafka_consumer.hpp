// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/kafka/kafka_client.hpp"
#include "broker/kafka/partition_queue.hpp"
#include "broker/kafka/wake_signal.hpp"
#include "millrace/broker/consumer.hpp"

namespace millrace::detail::kafka {

/// Consumer over librdkafka. Each assigned partition has a PartitionQueue. Rebalances and errors of the whole consumer
/// come through the group's queue.
///
/// Rebalances are cooperative. The rebalance callback runs inside poll() and before poll() takes records. So poll()
/// never returns a record of a partition that was just revoked.
///
/// Threads: one thread at a time, except wakeup().
/// The code is in two files: kafka_consumer.cpp (reading and committing), group_membership.cpp (joining, rebalancing,
/// leaving).
class KafkaConsumer final : public Consumer {
 public:
  /// Creates the librdkafka client, with `common` and then `config`. Throws ConfigException for unusable settings. Does
  /// not connect yet.
  KafkaConsumer(const std::string& address, const ClientConfig& common, const ClientConfig& config);
  ~KafkaConsumer() override;

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override;
  void unsubscribe() override;
  void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) override;
  void poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis timeout) override;
  void wakeup() override;
  void pause(const std::vector<TopicPartition>& partitions) override;
  void resume(const std::vector<TopicPartition>& partitions) override;
  void seek(const TopicPartition& partition, std::int64_t offset) override;
  std::optional<std::int64_t> position(const TopicPartition& partition) override;
  std::optional<std::int64_t> current_lag(const TopicPartition& partition) override;
  Watermarks query_watermarks(const TopicPartition& partition, Millis timeout) override;
  std::optional<std::int64_t> offset_for_time(const TopicPartition& partition, Timestamp timestamp,
                                              Millis timeout) override;
  std::map<TopicPartition, OffsetAndMetadata> committed(const std::vector<TopicPartition>& partitions,
                                                        Millis timeout) override;
  void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) override;
  ConsumerGroupMetadata group_metadata() const override;

 private:
  /// Callback of librdkafka. `self` is the client's opaque pointer. Runs on the polling thread.
  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                           void* self);
  /// Makes librdkafka look up the leaders of these partitions.
  void learn_leaders(const std::vector<TopicPartition>& partitions);
  /// Tells the listener about new partitions and starts to read them.
  void assigned(const std::vector<TopicPartition>& partitions);
  /// Tells the listener about partitions that go away and stops reading them. `lost`: another member may already own
  /// them.
  void revoked(const std::vector<TopicPartition>& partitions, bool lost);

  /// Runs the pending rebalances and handles errors of the whole consumer. Returns true if there was a rebalance.
  bool serve_group();
  /// Decides what to do with an error event: ignore, log, or throw.
  void handle_error(rd_kafka_resp_err_t code, const std::string& text);
  /// Takes records from the queues in turn. Returns true if a position or lag may have changed.
  bool take_records(std::vector<ConsumerRecord>& records, std::size_t max_records);
  /// Wakes the fetching threads of empty queues. Returns true if a partition that should have records has none.
  bool nudge_starved();
  /// Creates a new librdkafka client. Does not join the group.
  void connect();
  /// Leaves the group and destroys the client.
  void disconnect();
  /// Waits until the client can be destroyed safely. Returns false if it cannot.
  bool await_first_assignment();
  /// Revokes all partitions and tells the coordinator, within a time limit.
  void leave_group();
  /// Waits until the partitions of an earlier assignment have been stopped.
  void await_stops();
  /// Replaces kOffsetBeginning and kOffsetEnd by real offsets.
  void resolve(rd_kafka_topic_partition_list_t& list);
  std::vector<TopicPartition> resolve_once(rd_kafka_topic_partition_list_t& list, const Deadline& deadline);

  /// One seek. Retries while the partition's start offset is still being looked up.
  void seek_once(const TopicPartition& partition, std::int64_t offset, const Deadline& deadline);
  /// One commit request. Returns the first error of the request or of a partition.
  rd_kafka_resp_err_t commit_once(const std::map<TopicPartition, OffsetAndMetadata>& offsets, Deadline deadline);

  /// Creates the queue of a partition. Does nothing if the partition has a queue.
  void add(const TopicPartition& partition, std::optional<std::int64_t> start);
  /// Destroys the queue of a partition and the records in it.
  void remove(const TopicPartition& partition);
  /// The queue of a partition. Throws a fatal BrokerException that names the action `doing` if the partition is not
  /// assigned.
  PartitionQueue& assigned_queue(const TopicPartition& partition, const char* doing);

  WakeSignal signal_;  // must outlive the client, whose threads raise it
  std::function<std::unique_ptr<KafkaClient>()> make_client_;
  std::unique_ptr<KafkaClient> client_;
  std::string group_id_;                   // empty without group.id
  QueuePtr group_queue_;                   // rebalances and errors of the whole consumer
  RebalanceListener* listener_ = nullptr;  // not owned; null without a subscription
  bool rebalanced_ = false;                // set by the callback, read by serve_group()
  bool had_assignment_ = false;            // this client_ got a first assignment, maybe an empty one
  std::atomic<bool> woken_ = false;        // wakeup() was called

  std::set<std::string> topic_names_;  // ConsumerRecord::topic points at these strings, so none is removed
  std::unordered_map<TopicPartition, std::unique_ptr<PartitionQueue>> partitions_;
  std::vector<PartitionQueue*> order_;  // the order in which poll() reads the queues
  std::size_t next_ = 0;                // index in order_ at which the next poll() begins
};

}  // namespace millrace::detail::kafka
