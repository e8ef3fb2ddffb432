#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>

namespace millrace::detail::kafka {

/// What a broker has answered to the question for a coordinator (of a group or of a transactional.id). librdkafka asks
/// again and again, and tells the answer only in its debug log: `debug=cgrp` of a client with a group, `debug=eos` of a
/// transactional producer.
struct CoordinatorAnswer {
  /// The error in the answer. NO_ERROR: there is a coordinator.
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  /// For messages: names the broker that answered, or the coordinator.
  std::string text;
};

/// Reads a line of librdkafka's log. nullopt: the line is about something else. `line` has no name of a thread before
/// it.
[[nodiscard]] std::optional<CoordinatorAnswer> coordinator_answer(std::string_view facility, std::string_view line);

}  // namespace millrace::detail::kafka
