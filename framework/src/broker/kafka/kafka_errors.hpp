// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "millrace/common/errors.hpp"

namespace millrace::detail::kafka {

/// The severity of a bare error code. Used where librdkafka gives no rd_kafka_error_t with its own verdict. Unknown
/// codes are fatal.
[[nodiscard]] BrokerException::Severity severity_of(rd_kafka_resp_err_t code);

/// The severity of an error of the transactional producer.
/// Uses librdkafka's own verdict (fatal, abortable, retriable), with one exception that Kafka Streams needs: a fencing
/// error is always `fenced`, because the producer has lost its task. librdkafka calls some of these errors fatal and
/// others abortable.
[[nodiscard]] BrokerException::Severity severity_of(const rd_kafka_error_t& error);

/// True for errors that mean that no broker answered. The code does not tell the cause. The cause is in the client's
/// last connection error.
[[nodiscard]] bool is_unreachable(rd_kafka_resp_err_t code);

/// True for errors that mean that the topic or partition does not exist. These errors are retriable, because the topic
/// may be created later.
[[nodiscard]] bool is_missing(rd_kafka_resp_err_t code);

/// True if the same call can succeed when it is repeated at once, without any action of the user. A missing topic is
/// retriable but is not worth another try: somebody has to create the topic first.
[[nodiscard]] bool worth_another_try(rd_kafka_resp_err_t code);

/// What the user can do about the error, as a half sentence for the end of a message. Empty if there is no advice.
[[nodiscard]] std::string_view remedy_for(rd_kafka_resp_err_t code);

/// Text and name of a code, for example "Unknown topic or partition (UNKNOWN_TOPIC_OR_PART)".
[[nodiscard]] std::string describe(rd_kafka_resp_err_t code);

}  // namespace millrace::detail::kafka
