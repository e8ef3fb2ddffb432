#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "runtime/error_policy.hpp"
#include "runtime/task_output.hpp"

namespace millrace::detail {

/// Writes what the tasks of one thread produce, through the thread's producer. Under exactly-once a transaction begins
/// with the first record after a commit. (Kafka Streams: `RecordCollectorImpl` with `StreamsProducer`.)
class ProducerOutput final : public TaskOutput, private DeliveryListener {
 public:
  ProducerOutput(Broker& broker, const ClientConfig& config, bool exactly_once, const ErrorPolicy& errors);
  ~ProducerOutput() override;

  /// Once, before anything else; exactly-once only: fences predecessors with the same transactional.id.
  void initialize(Millis timeout);

  // --- TaskOutput
  void send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
            Timestamp timestamp, const Headers& headers) override;
  [[nodiscard]] std::int32_t partitions_for(std::string_view topic) override;
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition& changelog) override;
  void close_changelog(std::uint64_t token) override;
  void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                      const Headers* headers) override;
  [[nodiscard]] std::optional<std::int64_t> confirmed_offset(std::uint64_t token) const override;

  /// Serves delivery reports; throws what failed.
  void poll();

  /// Sent since the last commit.
  [[nodiscard]] bool dirty() const { return dirty_; }

  /// Waits until everything is confirmed; throws if anything failed. At-least-once only.
  void flush(Millis timeout);

  /// Makes the records and these offsets visible together. Exactly-once only.
  void commit_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                          const ConsumerGroupMetadata& group, Millis timeout);

  /// Ends an open transaction without a trace; what was sent counts as never sent. Best effort.
  void abandon(Millis timeout);

  [[nodiscard]] std::uint64_t dropped_records() const { return dropped_; }

 private:
  struct Changelog {
    TopicPartition partition;
    std::optional<std::int64_t> next_offset;
    bool open = true;
  };

  void on_delivery(const Delivery& delivery) override;
  void begin_if_needed();
  void rethrow_failure();

  bool exactly_once_;
  const ErrorPolicy& errors_;
  std::unique_ptr<Producer> producer_;
  std::vector<Changelog> changelogs_;  ///< token - 1 is the index
  bool in_transaction_ = false;
  bool dirty_ = false;
  std::optional<BrokerException> failure_;
  std::uint64_t dropped_ = 0;
};

}  // namespace millrace::detail
