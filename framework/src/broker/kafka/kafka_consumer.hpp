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

/// Consumer over librdkafka. Each assigned partition is a PartitionQueue; what concerns the consumer as a whole
/// (rebalances, errors) comes through the group's queue. Rebalances are cooperative: the callback runs inside poll(),
/// before any record is taken, so a record of a partition that was just revoked is never returned.
class KafkaConsumer final : public Consumer {
 public:
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
  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                           void* self);
  void learn_leaders(const std::vector<TopicPartition>& partitions);
  void assigned(const std::vector<TopicPartition>& partitions);
  void revoked(const std::vector<TopicPartition>& partitions, bool lost);

  /// Serves rebalances and errors. Returns true if there was a rebalance.
  bool serve_group();
  void handle_error(rd_kafka_resp_err_t code, const std::string& text);
  bool take_records(std::vector<ConsumerRecord>& records, std::size_t max_records);
  /// Returns true if a partition that should have records has none.
  bool nudge_starved();
  void connect();
  void disconnect();
  bool await_first_assignment();
  void leave_group();
  /// Turns kOffsetBeginning and kOffsetEnd into offsets.
  void resolve(rd_kafka_topic_partition_list_t& list);

  void seek_once(const TopicPartition& partition, std::int64_t offset, const Deadline& deadline);
  rd_kafka_resp_err_t commit_once(const std::map<TopicPartition, OffsetAndMetadata>& offsets, Deadline deadline);

  void add(const TopicPartition& partition, std::optional<std::int64_t> start);
  void remove(const TopicPartition& partition);
  PartitionQueue& assigned_queue(const TopicPartition& partition, const char* doing);

  WakeSignal signal_;  // outlives the client, whose threads raise it
  std::function<std::unique_ptr<KafkaClient>()> make_client_;
  std::unique_ptr<KafkaClient> client_;
  std::string group_id_;
  QueuePtr group_queue_;
  RebalanceListener* listener_ = nullptr;
  bool rebalanced_ = false;
  bool had_assignment_ = false;  // of this client_, perhaps an empty one
  std::atomic<bool> woken_ = false;

  std::set<std::string> topic_names_;  // what ConsumerRecord::topic points at
  std::unordered_map<TopicPartition, std::unique_ptr<PartitionQueue>> partitions_;
  std::vector<PartitionQueue*> order_;
  std::size_t next_ = 0;  // where in order_ the next poll() begins
};

}  // namespace millrace::detail::kafka
