// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_errors.hpp"

namespace millrace::detail::kafka {

using Severity = BrokerException::Severity;

Severity severity_of(rd_kafka_resp_err_t code) {
  switch (code) {
    // Another producer or group member took over, or the group removed this member. Retrying cannot help: the task has
    // moved.
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST: return Severity::fenced;

    // Passing conditions: the connection, the coordinator or the leader is away, a queue is full, or a topic may still
    // be created.
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__RETRY:
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED: return Severity::retriable;

    // All other codes mean a wrong setting, a missing permission or broken data. Those do not go away by themselves.
    default: return Severity::fatal;
  }
}

Severity severity_of(const rd_kafka_error_t& error) {
  // The order matters: librdkafka marks some fencing errors as fatal too.
  if (const auto by_code = severity_of(rd_kafka_error_code(&error)); by_code == Severity::fenced) return by_code;
  if (rd_kafka_error_is_fatal(&error) != 0) return Severity::fatal;
  // librdkafka wants the transaction aborted. But a new transaction would fail in the same way.
  if (rd_kafka_error_code(&error) == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE) return Severity::fatal;
  if (rd_kafka_error_txn_requires_abort(&error) != 0) return Severity::abortable;
  if (rd_kafka_error_is_retriable(&error) != 0) return Severity::retriable;
  return severity_of(rd_kafka_error_code(&error));
}

bool is_unreachable(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
         code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE ||
         code == RD_KAFKA_RESP_ERR__WAIT_COORD || code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
}

bool is_missing(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool worth_another_try(rd_kafka_resp_err_t code) {
  return severity_of(code) == Severity::retriable && !is_missing(code);
}

std::string_view remedy_for(rd_kafka_resp_err_t code) {
  if (is_unreachable(code)) {
    return "check that Kafka runs, that this address is right (bootstrap.servers) and that the addresses which the "
           "brokers advertise (advertised.listeners) can be reached from here";
  }
  // The texts continue the sentence of KafkaClient::error(), so they begin in lower case and have no full stop.
  if (is_missing(code)) return "create the topic, or correct its name or partition";
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return "grant the user the right (ACL) to do this";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return "check security.protocol, sasl.* and ssl.*";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return "raise max.request.size of the producer and max.message.bytes of the topic, or send less";
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
      return "set offset.metadata.max.bytes of the brokers to 4096 or more, as it is by default";
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: return "another producer with the same transactional.id took over";
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return "another member with the same group.instance.id took over";
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
      return "the group removed this member: poll more often or raise max.poll.interval.ms and "
             "session.timeout.ms";
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
      return "the brokers cannot create their topics __consumer_offsets or __transaction_state, or have no leader for "
             "them: start as many brokers as these topics have replicas, or lower the brokers' settings "
             "offsets.topic.replication.factor and transaction.state.log.replication.factor";
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return "start more brokers, or ask for fewer replicas (replication.factor, min.insync.replicas)";
    default: return {};
  }
}

std::string describe(rd_kafka_resp_err_t code) {
  return std::string(rd_kafka_err2str(code)) + " (" + rd_kafka_err2name(code) + ")";
}

}  // namespace millrace::detail::kafka
