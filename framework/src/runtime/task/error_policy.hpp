// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/metrics/drop_reason.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/runtime/error_handlers.hpp"

namespace millrace::detail {

/// Thrown if a handler decides to fail, or if a task cannot go on for another reason. No node handles it: it passes
/// through all of them and ends the stream thread.
class TaskFailure : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// The handlers in force: those set in code, otherwise those that the configuration names. All tasks share one policy,
/// so handlers must be thread-safe.
struct ErrorPolicy {
  /// None is empty.
  ExceptionHandlers handlers;
  std::optional<std::string> dead_letter_topic;
  /// A handler in code is also asked about retriable production errors.
  bool production_in_code = false;
  /// Whether somebody may ask for the bytes of an input record after the record was processed. That can be a handler in
  /// code or a dead letter. If not, caches and suppression buffers do not keep these bytes, which saves memory.
  bool shows_raw_records = false;
};
/// `in_code`: the handlers that the user has set; empty ones are taken from the configuration.
[[nodiscard]] ErrorPolicy make_error_policy(const StreamsConfig& config, const ExceptionHandlers& in_code);

/// The policy for processors of global stores. The processing handler is used only if
/// processing.exception.handler.global.enabled is true; otherwise a processing error ends the application. Dead letters
/// are not written, as in Kafka Streams 4.4. A configured dead-letter topic leads to a warning.
[[nodiscard]] ErrorPolicy global_error_policy(ErrorPolicy policy, const StreamsConfig& config);

/// The context of a failure at `node`, on the task's current record. Its views are valid while the current record is.
[[nodiscard]] ErrorContext error_context(const TaskContext& task, const NodeBase& node);

/// Calls a handler. Throws TaskFailure if the handler throws a std::exception.
[[nodiscard]] HandlerResponse ask(const ExceptionHandler& handler, const ErrorContext& context);

/// The dead letters for one failure. These are the handler's own ones if it returned any. Otherwise it is one letter to
/// the configured topic, or none without such a topic. That letter has the key and value as the source read them. Its
/// headers are those of the record, plus Kafka Streams' `__streams.errors.*`.
[[nodiscard]] std::vector<DeadLetter> dead_letters(const ErrorPolicy& policy, const ErrorContext& context,
                                                   const HandlerResponse& response);

/// One line for logs and exceptions: what failed, on which record, at which node, and the text of the error.
[[nodiscard]] std::string describe_error(std::string_view what, const ErrorContext& context);

/// The log line for a dropped record. `context.error` gives details beyond the reason.
[[nodiscard]] std::string describe_dropped(DropReason reason, const ErrorContext& context);

}  // namespace millrace::detail
