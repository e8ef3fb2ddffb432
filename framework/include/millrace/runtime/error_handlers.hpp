// SPDX-License-Identifier: Apache-2.0
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

/// A record that is written to another topic because a record failed. (Kafka Streams: the `ProducerRecord`s of a
/// `Response`.)
struct DeadLetter {
  /// The topic must exist. The application does not create it.
  std::string topic;
  std::optional<std::int32_t> partition;  ///< unset: chosen by the key, as for any other record
  std::optional<std::string> key;         ///< nullopt: null
  std::optional<std::string> value;       ///< nullopt: null
  Timestamp timestamp = kNoTimestamp;     ///< ms since the epoch; kNoTimestamp: the wall clock
  Headers headers;
};

/// What a handler decides about a record that failed. (Kafka Streams: `Response` of the three handlers.)
///
/// Dead letters: with `errors.dead.letter.queue.topic.name` set, a failed record goes to that topic, whatever the
/// handler decides. If the handler returns dead letters, they are written instead.
///
/// Dead letters are part of the task's output. Under exactly_once_v2 they belong to the transaction: if the application
/// fails before the commit, they are never visible.
class HandlerResponse {
 public:
  /// Skip the record. It is counted as dropped and logged at warn level. Many equal warnings are summed up in one.
  [[nodiscard]] static HandlerResponse resume(std::vector<DeadLetter> dead_letters = {}) {
    return {Result::resume, std::move(dead_letters)};
  }
  /// Stop the stream thread: the error goes to the uncaught exception handler.
  [[nodiscard]] static HandlerResponse fail(std::vector<DeadLetter> dead_letters = {}) {
    return {Result::fail, std::move(dead_letters)};
  }
  /// For production errors that may be temporary (`ErrorContext::retriable`): all tasks of the thread go back to their
  /// last commit and process the records again. For any other error it is the same as fail().
  [[nodiscard]] static HandlerResponse retry(std::vector<DeadLetter> dead_letters = {}) {
    return {Result::retry, std::move(dead_letters)};
  }

  /// True for fail() and for retry(). A caller that can try again must check retries() first.
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

/// What failed and where. All views and pointers are valid during the call of the handler. (Kafka Streams:
/// `ErrorHandlerContext`.)
///
/// Production errors are reported when the broker has answered, which is later than the send. The context is that of
/// the moment of the send: its input record, node and task. For a dead letter that the broker refuses, topic and node
/// are empty.
struct ErrorContext {
  /// Topic of the input record. Empty inside a punctuation, which has no input record.
  std::string topic;
  std::int32_t partition = -1;         ///< -1: no input record
  std::int64_t offset = -1;            ///< -1: no input record
  Timestamp timestamp = kNoTimestamp;  ///< of the record at the node that failed, ms since the epoch
  std::string node;                    ///< name of the innermost node that failed
  TaskId task_id;
  BytesView raw_key;                      ///< key of the input record, as the source read it
  BytesView raw_value;                    ///< value of the input record, as the source read it
  const Headers* headers = nullptr;       ///< null: none
  std::optional<UnwrittenRecord> output;  ///< only for production errors: the record that was not written
  std::string error;                      ///< text of the exception
  std::exception_ptr thrown;              ///< the exception itself
  /// Only for production errors: writing the record again may succeed, for example after a time-out. Handlers in code
  /// are asked about these errors too. The configured handlers always answer retry() to them.
  bool retriable = false;
};

/// Decides about one failed record.
///
/// Threads  called on the thread that processes the record: a stream thread, or the global thread for global stores.
///          All threads share one handler, so it must be thread-safe.
/// Errors   a handler that throws stops its thread, as fail() does.
using ExceptionHandler = std::function<HandlerResponse(const ErrorContext&)>;

/// Handlers in code. They replace the handlers that the configuration names (`deserialization.exception.handler`,
/// `processing.exception.handler`, `production.exception.handler`). An empty one leaves the configured handler in
/// force.
struct ExceptionHandlers {
  /// A source could not decode a key or a value.
  ExceptionHandler deserialization;
  /// A processor or an operator threw an exception. For processors of global stores, only with
  /// `processing.exception.handler.global.enabled`.
  ExceptionHandler processing;
  /// A sink could not encode a record, or the broker refused it.
  ExceptionHandler production;
};

}  // namespace millrace
