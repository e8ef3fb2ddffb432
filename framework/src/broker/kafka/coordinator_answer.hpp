// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>

namespace millrace::detail::kafka {

/// The answer of a broker to a FindCoordinator request, for a group or a transactional.id. librdkafka repeats this
/// request by itself, and shows the answer only in its debug log: with `debug=cgrp` for a client with a group, with
/// `debug=eos` for a transactional producer.
struct CoordinatorAnswer {
  /// The error code in the answer. NO_ERROR: there is a coordinator.
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  /// For messages: names the broker that has answered, or the coordinator. Empty: there is no answer yet.
  std::string text;
};

/// Parses a line of librdkafka's log. `line`: without the prefix `[thrd:NAME]: `. Returns nullopt if the line is not
/// about a coordinator.
[[nodiscard]] std::optional<CoordinatorAnswer> coordinator_answer(std::string_view facility, std::string_view line);

}  // namespace millrace::detail::kafka
