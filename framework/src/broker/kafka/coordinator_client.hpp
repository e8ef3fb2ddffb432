#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "broker/kafka/kafka_client.hpp"

namespace millrace::detail::kafka {

/// Admin requests that go to the coordinator of a group.
///
/// librdkafka (2.0.2) uses freed memory when such a request is given up while it waits for the connection, and the
/// connection comes back: the process is aborted, or the client never answers again. So librdkafka is never let to give
/// one up: the client with the unanswered request is destroyed instead. Thread-safe.
class CoordinatorClient {
 public:
  explicit CoordinatorClient(std::function<std::unique_ptr<KafkaClient>()> make_client)
      : make_client_(std::move(make_client)) {}

  /// All committed offsets of a group. Waits while a transaction that holds some of them is open.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committed(const std::string& group_id, Millis timeout);

 private:
  [[nodiscard]] std::shared_ptr<KafkaClient> client();
  /// It ends when the last call that uses it does.
  void abandon(const std::shared_ptr<KafkaClient>& client);

  std::function<std::unique_ptr<KafkaClient>()> make_client_;
  std::mutex mutex_;
  std::shared_ptr<KafkaClient> client_;  // from the first request on
};

}  // namespace millrace::detail::kafka
