// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

/// Shared by the contract tests. The tests run against the broker that the command line names (`contract_tests --
/// embedded` or `-- kafka`), so they may only check what Kafka promises. Topics and groups have unique names, and every
/// wait has a generous deadline.
namespace millrace::contract {

/// The deadline of every wait. Long, so that a slow machine does not fail a test.
inline constexpr Millis kPatience{60000};

/// A copy of a record that was read. It owns its bytes.
struct Seen {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Timestamp timestamp = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  Headers headers;
};

/// Records the delivery report of each record.
struct Deliveries : DeliveryListener {
  struct Known {
    std::string topic;
    std::int32_t partition = -1;
    std::int64_t offset = -1;
    std::uint64_t token = 0;
    std::optional<BrokerException> error;
  };
  std::vector<Known> all;
  void on_delivery(const Delivery& delivery) override;
};

/// A rebalance listener that reads the partitions of the group, and records its calls.
struct Rebalances : RebalanceListener {
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override;

  /// The companion partitions that are read together with a partition of a subscribed topic.
  std::function<std::vector<TopicPartition>(const TopicPartition&)> companions;
  /// Called before partitions are revoked.
  std::function<void(const std::vector<TopicPartition>&)> before_revoke;
  /// Called after partitions were lost.
  std::function<void()> on_loss;

  std::vector<TopicPartition> owned;
  int assigned_calls = 0;
  std::vector<TopicPartition> revoked;
  std::vector<TopicPartition> lost;

 private:
  std::vector<TopicPartition> with_companions(const std::vector<TopicPartition>& partitions) const;
  void drop(const std::vector<TopicPartition>& partitions);
};

/// The fixture of every test.
class Contract {
 public:
  Contract();

  /// A name that is unique among tests and runs.
  static std::string unique(const std::string& what);
  /// Creates a topic and returns its name.
  std::string topic(std::int32_t partitions = 1, const std::map<std::string, std::string>& configs = {});

  [[nodiscard]] std::unique_ptr<Producer> producer(ClientConfig config = {}, DeliveryListener* listener = nullptr);
  /// Reads read_committed from the earliest offset unless told otherwise; cooperative if it joins a group.
  [[nodiscard]] std::unique_ptr<Consumer> consumer(ClientConfig config = {});
  [[nodiscard]] std::unique_ptr<Producer> transactional(const std::string& id, ClientConfig config = {},
                                                        DeliveryListener* listener = nullptr);

  /// Writes values to a partition and waits until they are delivered.
  void write(const std::string& topic, const std::vector<std::string>& values, std::int32_t partition = 0);

  Broker& broker;
  std::unique_ptr<Admin> admin;
};

/// Sends one record without a key.
void send(Producer& producer, const std::string& topic, const std::string& value, std::int32_t partition = 0);

[[nodiscard]] Seen copy(const ConsumerRecord& record);
/// Polls once and appends copies of the records to `seen`.
void poll_into(Consumer& consumer, std::vector<Seen>& seen, Millis timeout = Millis{100});
/// Polls until `done` returns true. Fails the test after kPatience.
void poll_until(Consumer& consumer, std::vector<Seen>& seen, const std::function<bool()>& done);
/// Polls until `count` records have arrived, and returns them.
[[nodiscard]] std::vector<Seen> poll_records(Consumer& consumer, std::size_t count);
/// Polls all consumers in turn until `done` returns true, and drops the records.
void poll_all_until(const std::vector<Consumer*>& consumers, const std::function<bool()>& done);

[[nodiscard]] std::vector<std::string> values(const std::vector<Seen>& seen);

/// Reads a partition from `offset` to its end, with a consumer of these settings.
[[nodiscard]] std::vector<Seen> read_to_end(Contract& contract, const TopicPartition& partition,
                                            ClientConfig config = {});

}  // namespace millrace::contract
