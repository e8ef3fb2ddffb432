#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "millrace/common/errors.hpp"

namespace millrace::detail::kafka {

/// What can be done about an error code that comes without librdkafka's own verdict.
[[nodiscard]] BrokerException::Severity severity_of(rd_kafka_resp_err_t code);

/// What librdkafka says about an error of the transactional producer, seen through Kafka Streams' eyes: whoever was
/// fenced has lost its task, whether the transaction could still be aborted or not.
[[nodiscard]] BrokerException::Severity severity_of(const rd_kafka_error_t& error);

/// True for errors that mean that no broker answered: the cause is then in the client's last connection error.
[[nodiscard]] bool is_unreachable(rd_kafka_resp_err_t code);

/// True for errors that mean that there is no such topic or partition. They are retriable: it may yet be made.
[[nodiscard]] bool is_missing(rd_kafka_resp_err_t code);

/// True if the same call, made again at once, may succeed without anybody doing something about it.
[[nodiscard]] bool worth_another_try(rd_kafka_resp_err_t code);

/// What the user can do about it, as a half sentence; empty if there is nothing to say.
[[nodiscard]] std::string_view remedy_for(rd_kafka_resp_err_t code);

/// "Unknown topic or partition (UNKNOWN_TOPIC_OR_PART)"
[[nodiscard]] std::string describe(rd_kafka_resp_err_t code);

}  // namespace millrace::detail::kafka
