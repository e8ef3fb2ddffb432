// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "broker/kafka/kafka_client.hpp"
#include "millrace/broker/admin.hpp"

namespace millrace::detail::kafka {

/// Sends admin requests to the coordinator of a group. Thread-safe.
///
/// Works around a fault of librdkafka 2.0.2. If librdkafka cancels such a request while the request waits for a
/// connection, and the connection comes back, librdkafka uses freed memory: the process aborts, or the client never
/// answers again. So librdkafka gets a timeout of one hour and never cancels. When our own timeout is over, this class
/// abandons the whole client and makes a new one for the next request.
class CoordinatorClient {
 public:
  /// `make_client` makes an admin client with some settings more than the usual ones.
  explicit CoordinatorClient(std::function<std::unique_ptr<KafkaClient>(const ClientConfig&)> make_client)
      : make_client_(std::move(make_client)) {}

  /// All committed offsets of a group; empty for an unknown group. Waits while an open transaction holds offsets of the
  /// group. Throws a retriable BrokerException after `timeout`.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committed(const std::string& group_id, Millis timeout);

  /// The state and the members of a group. Throws a retriable BrokerException after `timeout`.
  [[nodiscard]] ConsumerGroupDescription describe(const std::string& group_id, Millis timeout);

 private:
  /// Sends one request. The answer goes to the queue.
  using Send = std::function<void(rd_kafka_t*, rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
  /// Reads an answer and returns its error code.
  using Read = std::function<rd_kafka_resp_err_t(rd_kafka_event_t&)>;

  /// Sends a request about a group until `read` finds an answer without an error, or until `timeout`; then throws.
  /// `doing` names the action for the message.
  void ask(rd_kafka_admin_op_t operation, const std::string& group_id, const std::string& doing, Millis timeout,
           const Send& send, const Read& read);
  /// Throws an exception that says why the coordinator has not answered: what the brokers say about it, or why it
  /// cannot be reached. Takes up to kDiagnosis.
  [[noreturn]] void fail_unanswered(const KafkaClient& asked, const std::string& group_id, const std::string& doing);
  /// The present client. Makes one if there is none.
  [[nodiscard]] std::shared_ptr<KafkaClient> client();
  /// Stops using a client. The client is destroyed when the last call that uses it returns.
  void abandon(const std::shared_ptr<KafkaClient>& client);

  std::function<std::unique_ptr<KafkaClient>(const ClientConfig&)> make_client_;
  std::mutex mutex_;                     // guards client_
  std::shared_ptr<KafkaClient> client_;  // null until the first request, and after abandon()
};

}  // namespace millrace::detail::kafka
