#pragma once

#include <functional>
#include <string>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/processor/record.hpp"

namespace millrace {

/// What a handler decides about a record that failed. (Kafka Streams: `RESUME`, `FAIL`.)
enum class HandlerResponse {
  resume,  ///< skip the record: it is counted, logged and, with a dead-letter topic configured, written there
  fail,    ///< stop: the error goes to the uncaught exception handler
};

/// What failed and where. Views are valid during the call. (Kafka Streams: `ErrorHandlerContext`.)
struct ErrorContext {
  std::string topic;  ///< of the input record; empty inside a punctuation
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  Timestamp timestamp = kNoTimestamp;
  std::string node;  ///< the innermost node that failed
  TaskId task_id;
  BytesView raw_key;  ///< as the source read it
  BytesView raw_value;
  const Headers* headers = nullptr;
  std::string output_topic;  ///< production errors: where the record was going
  std::string error;         ///< the exception's text
};

/// Decides about one failed record. Called on the stream thread that failed.
using ExceptionHandler = std::function<HandlerResponse(const ErrorContext&)>;

/// Handlers in code, in place of those that the configuration names (`deserialization.exception.handler`,
/// `processing.exception.handler`, `production.exception.handler`). Empty: the configuration's.
struct ExceptionHandlers {
  ExceptionHandler deserialization;
  ExceptionHandler processing;
  ExceptionHandler production;
};

}  // namespace millrace
