// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/coordinator_answer.hpp"

#include <cstddef>

namespace millrace::detail::kafka {
namespace {

/// The error code with this name, such as COORDINATOR_NOT_AVAILABLE. UNKNOWN if librdkafka does not know the name.
rd_kafka_resp_err_t code_named(std::string_view name) {
  const rd_kafka_err_desc* descriptions = nullptr;
  std::size_t count = 0;
  rd_kafka_get_err_descs(&descriptions, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (descriptions[i].name != nullptr && name == descriptions[i].name) return descriptions[i].code;
  }
  return RD_KAFKA_RESP_ERR_UNKNOWN;
}

/// The text after the first `mark` in `line`. nullopt: `line` has no `mark`.
std::optional<std::string_view> behind(std::string_view line, std::string_view mark) {
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return line.substr(at + mark.size());
}

/// An answer with an error. `error`: `NAME: text`. `broker`: the broker that has answered; empty: not known.
CoordinatorAnswer refused(std::string_view broker, std::string_view error) {
  if (error.ends_with('.')) error.remove_suffix(1);
  std::string text = broker.empty() ? "the brokers name" : "broker " + std::string(broker) + " names";
  return {code_named(error.substr(0, error.find(": "))), std::move(text) + " no coordinator: " + std::string(error)};
}

}  // namespace

std::optional<CoordinatorAnswer> coordinator_answer(std::string_view facility, std::string_view line) {
  if (facility == "CGRPCOORD") {
    // BROKER: Group "GROUP" FindCoordinator response error: NAME: text
    if (const auto error = behind(line, "FindCoordinator response error: ")) {
      const auto end = line.find(": Group ");
      return refused(line.substr(0, end == std::string_view::npos ? 0 : end), *error);
    }
    // BROKER: Group "GROUP" coordinator is HOST:PORT id N
    if (const auto place = behind(line, "\" coordinator is ")) {
      return CoordinatorAnswer{RD_KAFKA_RESP_ERR_NO_ERROR, "the coordinator is " + std::string(*place)};
    }
  } else if (facility == "TXNCOORD") {
    // The line may begin with "Transaction coordinator changed from A -> B: ".
    if (const auto error = behind(line, "Failed to find transaction coordinator: ")) return refused({}, *error);
    // BROKER: FindCoordinator response: Transaction coordinator is broker N (HOST:PORT)
    if (const auto place = behind(line, "Transaction coordinator is ")) {
      return CoordinatorAnswer{RD_KAFKA_RESP_ERR_NO_ERROR, "the coordinator is " + std::string(*place)};
    }
  }
  return std::nullopt;
}

}  // namespace millrace::detail::kafka
