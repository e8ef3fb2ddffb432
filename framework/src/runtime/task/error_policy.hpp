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

/// Thrown when a handler says fail, or a task cannot go on for another reason: passes through all nodes unseen.
class TaskFailure : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// The handlers in force: those set in code, else those that the configuration names.
struct ErrorPolicy {
  ExceptionHandlers handlers;
  std::optional<std::string> dead_letter_topic;
  bool production_in_code = false;  ///< that handler wants to be asked about what may pass, too
  /// Whether anybody can get a record as its source read it after that record is done: dead letters and handlers in
  /// code can. Else caches and suppress buffers do not keep those bytes.
  bool shows_raw_records = false;
};
[[nodiscard]] ErrorPolicy make_error_policy(const StreamsConfig& config, const ExceptionHandlers& in_code);

/// The policy of the processors that fill global stores. The processing handler is in force only if
/// processing.exception.handler.global.enabled is true. There are no dead letters: Kafka Streams 4.4 sends none either,
/// and logs a warning.
[[nodiscard]] ErrorPolicy global_error_policy(ErrorPolicy policy, const StreamsConfig& config);

/// What a handler is told of a failure at this node, on the record that the task works on now.
[[nodiscard]] ErrorContext error_context(const TaskContext& task, const NodeBase& node);

/// Throws TaskFailure if the handler itself fails.
[[nodiscard]] HandlerResponse ask(const ExceptionHandler& handler, const ErrorContext& context);

/// What is to be written because of a failure: what the handler wants, else one to the configured topic, if there is
/// one: the record as its source read it, its headers and behind them Kafka Streams' `__streams.errors.*`.
[[nodiscard]] std::vector<DeadLetter> dead_letters(const ErrorPolicy& policy, const ErrorContext& context,
                                                   const HandlerResponse& response);

/// One line: what failed, on which record, at which node.
[[nodiscard]] std::string describe_error(std::string_view what, const ErrorContext& context);

/// The line of the log about a record that is dropped. `context.error` says more than the reason does.
[[nodiscard]] std::string describe_dropped(DropReason reason, const ErrorContext& context);

}  // namespace millrace::detail
