// SPDX-License-Identifier: Apache-2.0
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
/// After a timeout, the time to find out what the brokers answer about the coordinator. The second time is for the case
/// that no broker can be reached.
constexpr Millis kDiagnosis{5'000};
constexpr Millis kDiagnosisWithoutBroker{1'000};

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

/// Null becomes an empty string.
std::string text(const char* from_librdkafka) { return from_librdkafka != nullptr ? from_librdkafka : ""; }

/// Kafka's name of a state; librdkafka uses the same names. For an unknown group, some versions of Kafka send no state.
std::string state_name(rd_kafka_consumer_group_state_t state) {
  return state == RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN ? "Dead" : rd_kafka_consumer_group_state_name(state);
}

MemberDescription to_description(const rd_kafka_MemberDescription_t& member) {
  MemberDescription result{text(rd_kafka_MemberDescription_consumer_id(&member)),
                           text(rd_kafka_MemberDescription_client_id(&member)),
                           text(rd_kafka_MemberDescription_host(&member)),
                           {}};
  const auto* assignment = rd_kafka_MemberDescription_assignment(&member);
  const auto* partitions = assignment != nullptr ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
  if (partitions != nullptr) result.partitions = to_vector(*partitions);
  return result;
}

/// Reads the answer about one group. Returns its error.
rd_kafka_resp_err_t read_description(rd_kafka_event_t& answer, ConsumerGroupDescription& description) {
  if (const auto problem = rd_kafka_event_error(&answer)) return problem;
  std::size_t count = 0;
  const auto* groups =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(&answer), &count);
  if (count != 1) return RD_KAFKA_RESP_ERR__FAIL;
  description = {};
  if (const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0])) {
    const auto code = rd_kafka_error_code(error);
    if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) description.state = "Dead";
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && description.state.empty()) return code;
  } else {
    description.state = state_name(rd_kafka_ConsumerGroupDescription_state(groups[0]));
  }
  const std::size_t members = rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
  for (std::size_t i = 0; i < members; ++i) {
    description.members.push_back(to_description(*rd_kafka_ConsumerGroupDescription_member(groups[0], i)));
  }
  std::ranges::sort(description.members, {}, &MemberDescription::member_id);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

void CoordinatorClient::ask(rd_kafka_admin_op_t operation, const std::string& group_id, const std::string& doing,
                            Millis timeout, const Send& send, const Read& read) {
  const Deadline deadline(timeout);
  for (;;) {
    const auto asked = client();
    const auto answer = asked->unchecked_admin_request(
        operation, kLongestRequest, Millis(std::max(1, deadline.left_ms())),
        [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) { send(asked->handle(), options, answers); });
    if (answer == nullptr) {
      // The request stays pending inside librdkafka, so the client must not be used again.
      abandon(asked);
      fail_unanswered(*asked, group_id, doing);
    }
    const auto problem = read(*answer);
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (!worth_another_try(problem) || deadline.passed()) asked->fail(problem, doing);
    std::this_thread::sleep_for(std::min(kPause, Millis(deadline.left_ms())));
  }
}

/// librdkafka's admin client does not report what the brokers have answered about the coordinator. So a second client
/// is made with this group.id: it also looks for the coordinator and connects to it. It never joins the group, because
/// it does not subscribe.
void CoordinatorClient::fail_unanswered(const KafkaClient& asked, const std::string& group_id,
                                        const std::string& doing) {
  const auto probe = make_client_({{"group.id", group_id}, {"debug", "cgrp"}});
  const Deadline deadline(kDiagnosis);
  const Deadline without_broker(kDiagnosisWithoutBroker);
  CoordinatorAnswer answer;
  bool known = false;
  while (!known && !deadline.passed()) {
    std::this_thread::sleep_for(kPause);
    answer = probe->coordinator();
    const bool no_connection = !probe->last_connection_error().empty();
    known = answer.code != RD_KAFKA_RESP_ERR_NO_ERROR || (!answer.text.empty() && no_connection);
    if (no_connection && answer.text.empty() && without_broker.passed()) break;
  }
  if (answer.code != RD_KAFKA_RESP_ERR_NO_ERROR) probe->fail(answer.code, doing, answer.text);
  (known ? *probe : asked).fail(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
}

std::map<TopicPartition, OffsetAndMetadata> CoordinatorClient::committed(const std::string& group_id, Millis timeout) {
  CommittedOffsets committed;
  ask(
      RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, group_id,
      "asking for the committed offsets of group '" + group_id + "'", timeout,
      [&](rd_kafka_t* handle, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
        // An error means that librdkafka does not know the option for this request; the request works without the
        // option.
        const ErrorPtr unknown(rd_kafka_AdminOptions_set_require_stable_offsets(options, 1));
        auto* request = rd_kafka_ListConsumerGroupOffsets_new(group_id.c_str(), nullptr);
        rd_kafka_ListConsumerGroupOffsets(handle, &request, 1, options, answers);
        rd_kafka_ListConsumerGroupOffsets_destroy(request);
      },
      [&](rd_kafka_event_t& answer) {
        committed = committed_offsets(answer);
        return committed.problem;
      });
  return std::move(committed.offsets);
}

ConsumerGroupDescription CoordinatorClient::describe(const std::string& group_id, Millis timeout) {
  ConsumerGroupDescription description;
  ask(
      RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, group_id, "asking for the members of group '" + group_id + "'", timeout,
      [&](rd_kafka_t* handle, rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* answers) {
        const char* name = group_id.c_str();
        rd_kafka_DescribeConsumerGroups(handle, &name, 1, options, answers);
      },
      [&](rd_kafka_event_t& answer) { return read_description(answer, description); });
  return description;
}

std::shared_ptr<KafkaClient> CoordinatorClient::client() {
  const std::lock_guard lock(mutex_);
  if (client_ == nullptr) client_ = make_client_({});
  return client_;
}

void CoordinatorClient::abandon(const std::shared_ptr<KafkaClient>& client) {
  const std::lock_guard lock(mutex_);
  if (client_ == client) client_.reset();
}

}  // namespace millrace::detail::kafka
