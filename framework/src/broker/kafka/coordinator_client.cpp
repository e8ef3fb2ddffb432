#include "broker/kafka/coordinator_client.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "broker/kafka/kafka_errors.hpp"
#include "broker/kafka/partition_list.hpp"

namespace millrace::detail::kafka {
namespace {

/// The longest request timeout that librdkafka allows: one hour.
constexpr Millis kLongestRequest{3'600'000};
/// The pause before a request is repeated.
constexpr Millis kPause{20};

/// The offsets in an answer. Each request asks for one group, so the answer has one group.
CommittedOffsets committed_offsets(rd_kafka_event_t& answer) {
  CommittedOffsets none;
  none.problem = rd_kafka_event_error(&answer);
  if (none.problem != RD_KAFKA_RESP_ERR_NO_ERROR) return none;
  std::size_t count = 0;
  const auto* groups =
      rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(&answer), &count);
  if (count != 1) {
    none.problem = RD_KAFKA_RESP_ERR__FAIL;
  } else if (const auto* error = rd_kafka_group_result_error(groups[0])) {
    none.problem = rd_kafka_error_code(error);
  } else if (const auto* list = rd_kafka_group_result_partitions(groups[0])) {
    return to_committed(*list);
  }
  return none;
}

}  // namespace

std::map<TopicPartition, OffsetAndMetadata> CoordinatorClient::committed(const std::string& group_id, Millis timeout) {
  const auto doing = "asking for the committed offsets of group '" + group_id + "'";
  const Deadline deadline(timeout);
  for (;;) {
    const auto asked = client();
    const auto answer = asked->unchecked_admin_request(
        RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, kLongestRequest, Millis(std::max(1, deadline.left_ms())),
        [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
          // An error means that librdkafka does not know the option for this request; the request works without the
          // option.
          const ErrorPtr unknown(rd_kafka_AdminOptions_set_require_stable_offsets(options, 1));
          auto* request = rd_kafka_ListConsumerGroupOffsets_new(group_id.c_str(), nullptr);
          rd_kafka_ListConsumerGroupOffsets(asked->handle(), &request, 1, options, answers);
          rd_kafka_ListConsumerGroupOffsets_destroy(request);
        });
    if (answer == nullptr) {
      // The request stays pending inside librdkafka, so the client must not be used again.
      abandon(asked);
      asked->fail(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
    }
    auto [offsets, problem] = committed_offsets(*answer);
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR) return std::move(offsets);
    if (!worth_another_try(problem) || deadline.passed()) asked->fail(problem, doing);
    std::this_thread::sleep_for(std::min(kPause, Millis(deadline.left_ms())));
  }
}

std::shared_ptr<KafkaClient> CoordinatorClient::client() {
  const std::lock_guard lock(mutex_);
  if (client_ == nullptr) client_ = make_client_();
  return client_;
}

void CoordinatorClient::abandon(const std::shared_ptr<KafkaClient>& client) {
  const std::lock_guard lock(mutex_);
  if (client_ == client) client_.reset();
}

}  // namespace millrace::detail::kafka
