#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/processor/unwritten_record.hpp"

namespace millrace {

/// A record that a handler wants to be written because of another one that failed. (Kafka Streams: the
/// `ProducerRecord`s of a `Response`.)
struct DeadLetter {
  std::string topic;                      ///< must exist
  std::optional<std::int32_t> partition;  ///< unset: chosen by the key
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp timestamp = kNoTimestamp;  ///< ms since the epoch; none: the wall clock's
  Headers headers;
};

/// What a handler decides about a record that failed. (Kafka Streams: `Response` of the three handlers.)
///
/// With `errors.dead.letter.queue.topic.name` set, the record goes to that topic either way; a handler that returns
/// dead letters of its own replaces that one by them. They are written with what else the task writes: under
/// exactly_once_v2 they are gone with the transaction if the application fails.
class HandlerResponse {
 public:
  /// Skip the record; it is counted and logged.
  [[nodiscard]] static HandlerResponse resume(std::vector<DeadLetter> dead_letters = {}) {
    return {Result::resume, std::move(dead_letters)};
  }
  /// Stop: the error goes to the uncaught exception handler.
  [[nodiscard]] static HandlerResponse fail(std::vector<DeadLetter> dead_letters = {}) {
    return {Result::fail, std::move(dead_letters)};
  }
  /// Of production errors that may pass (`ErrorContext::retriable`): go back to the last commit and do it again. For
  /// any other error the same as fail().
  [[nodiscard]] static HandlerResponse retry(std::vector<DeadLetter> dead_letters = {}) {
    return {Result::retry, std::move(dead_letters)};
  }

  /// True for retry() as well: whoever can try again looks at retries() first.
  [[nodiscard]] bool fails() const { return result_ != Result::resume; }
  [[nodiscard]] bool retries() const { return result_ == Result::retry; }
  [[nodiscard]] const std::vector<DeadLetter>& dead_letters() const { return dead_letters_; }

 private:
  enum class Result { resume, fail, retry };

  HandlerResponse(Result result, std::vector<DeadLetter> dead_letters)
      : result_(result), dead_letters_(std::move(dead_letters)) {}

  Result result_;
  std::vector<DeadLetter> dead_letters_;
};

/// What failed and where. Views are valid during the call. (Kafka Streams: `ErrorHandlerContext`.)
///
/// Production errors come when the broker has answered: the record, its node and its task are those that were at work
/// when it was sent. They are unknown (no topic, no node) for dead letters.
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
  std::optional<UnwrittenRecord> output;  ///< production errors: what could not be written
  std::string error;                      ///< the exception's text
  std::exception_ptr thrown;              ///< the exception
  /// Production errors: writing the same again may succeed, as after a time-out. A handler in code is asked about
  /// these, too; the configured ones answer retry().
  bool retriable = false;
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
