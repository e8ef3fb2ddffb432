// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/error_policy.hpp"

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

/// The handler that a configuration key names: log-and-continue or log-and-fail.
ExceptionHandler configured(const StreamsConfig& config, const char* key) {
  const bool goes_on = config.get_string(key) == "log-and-continue";
  return [goes_on](const ErrorContext& context) {
    // A time-out says nothing about the record, so skipping it would lose data without need.
    if (context.retriable) return HandlerResponse::retry();
    return goes_on ? HandlerResponse::resume() : HandlerResponse::fail();
  };
}

/// Kafka Streams' names of the headers. There is no stack trace in C++, so the header names node and task.
Headers dead_letter_headers(const ErrorContext& context) {
  Headers headers = context.headers == nullptr ? Headers() : *context.headers;
  headers.add("__streams.errors.exception", "millrace::StreamsException");
  headers.add("__streams.errors.message", context.error);
  headers.add("__streams.errors.stacktrace", "at node " + context.node + " of task " + context.task_id.str());
  headers.add("__streams.errors.topic", context.topic.empty() ? std::nullopt : std::optional(context.topic));
  headers.add("__streams.errors.partition", std::to_string(context.partition));
  headers.add("__streams.errors.offset", std::to_string(context.offset));
  return headers;
}

}  // namespace

ErrorPolicy make_error_policy(const StreamsConfig& config, const ExceptionHandlers& in_code) {
  ErrorPolicy policy{in_code, std::nullopt, in_code.production != nullptr};
  if (!policy.handlers.deserialization) {
    policy.handlers.deserialization = configured(config, "deserialization.exception.handler");
  }
  if (!policy.handlers.processing) policy.handlers.processing = configured(config, "processing.exception.handler");
  if (!policy.handlers.production) policy.handlers.production = configured(config, "production.exception.handler");
  const std::string topic = config.get_string("errors.dead.letter.queue.topic.name");
  if (!topic.empty()) policy.dead_letter_topic = topic;
  policy.shows_raw_records = !topic.empty() || in_code.deserialization || in_code.processing || in_code.production;
  return policy;
}

ErrorPolicy global_error_policy(ErrorPolicy policy, const StreamsConfig& config) {
  if (!config.get_bool("processing.exception.handler.global.enabled")) {
    // The default of Kafka Streams: a failing global processor stops the application.
    policy.handlers.processing = [](const ErrorContext&) { return HandlerResponse::fail(); };
  }
  if (policy.dead_letter_topic) {
    log(LogLevel::warn, "failed records of global stores are not written to the dead-letter topic '" +
                            *policy.dead_letter_topic + "', only failed records of stream threads are");
    policy.dead_letter_topic.reset();
  }
  return policy;
}

ErrorContext error_context(const TaskContext& task, const NodeBase& node) {
  const CurrentRecord& record = task.current_record();
  const RecordOrigin& origin = *record.origin;
  ErrorContext context;
  if (origin.topic != nullptr) context.topic = *origin.topic;
  context.partition = origin.partition;
  context.offset = origin.offset;
  context.timestamp = record.timestamp;
  context.node = node.name();
  context.task_id = task.task_id();
  context.raw_key = origin.raw_key;
  context.raw_value = origin.raw_value;
  context.headers = record.headers;
  return context;
}

HandlerResponse ask(const ExceptionHandler& handler, const ErrorContext& context) {
  try {
    return handler(context);
  } catch (...) {
    throw TaskFailure(
        describe_error("an exception handler failed (" + current_error() + ") when asked about", context));
  }
}

std::vector<DeadLetter> dead_letters(const ErrorPolicy& policy, const ErrorContext& context,
                                     const HandlerResponse& response) {
  // The handler's dead letters replace the default one, also without a configured topic.
  if (!response.dead_letters().empty()) return response.dead_letters();
  if (!policy.dead_letter_topic) return {};
  return {{*policy.dead_letter_topic, std::nullopt, owned(context.raw_key), owned(context.raw_value), context.timestamp,
           dead_letter_headers(context)}};
}

std::string describe_error(std::string_view what, const ErrorContext& context) {
  std::string text(what);
  if (!context.topic.empty()) {
    text += " record " + context.topic + "-" + std::to_string(context.partition) + " offset " +
            std::to_string(context.offset);
  }
  if (!context.node.empty()) text += " at node " + context.node + " (task " + context.task_id.str() + ")";
  if (context.output) text += " for topic " + context.output->topic;
  return text + ": " + context.error;
}

std::string describe_dropped(DropReason reason, const ErrorContext& context) {
  std::string what = "dropped (" + std::string(to_string(reason)) + ")";
  if (context.topic.empty() && !context.node.empty()) what += " in a punctuation, which has no topic";
  return describe_error(what + ":", context);
}

}  // namespace millrace::detail
