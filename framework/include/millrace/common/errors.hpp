// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace millrace {

/// Base class of all exceptions of Millrace. The text names the thing, the place and the remedy.
class StreamsException : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The topology is wrong. Thrown while the topology is built or before it starts. The text names the node or topic.
class TopologyException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// A configuration key is unknown, or its value cannot be used. The text names key and value.
class ConfigException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// Bytes cannot be decoded, or a value cannot be encoded. On the record path, the deserialization or production
/// exception handler decides what happens next.
class SerializationException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// Trying the same again later may help: a service that a serde or a function needs, for example a schema registry,
/// does not answer now. Thrown by serdes and by functions of the user: processors, mappers, timestamp extractors,
/// partitioners, punctuators and so on.
///
/// The record is not at fault, so no exception handler is asked about it, and it is never skipped. The task tries
/// again, with growing pauses that begin with `retry.backoff.ms`. The other tasks of the thread go on. If the task has
/// not succeeded for `task.timeout.ms`, the stream thread fails with an error that has the text of this exception.
/// (Kafka Streams retries a `TimeoutException` of a client in this way. A `RetriableException` of a deserializer goes
/// to the deserialization exception handler there.)
class RetriableException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// A state store failed, or was used before it was opened or after it was closed.
class ProcessorStateException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// Another process or thread holds the lock of the state directory or of the embedded broker's directory.
class LockException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// A broker (Kafka or embedded) reported an error or could not be reached.
class BrokerException : public StreamsException {
 public:
  /// What the caller can do. The terms are librdkafka's.
  enum class Severity {
    retriable,  ///< the same call may succeed later
    abortable,  ///< abort the transaction, then go on
    fenced,     ///< another member owns this task or this transactional.id now; give it up
    fatal,      ///< close the client
  };

  BrokerException(Severity severity, const std::string& what) : StreamsException(what), severity_(severity) {}

  [[nodiscard]] Severity severity() const { return severity_; }

 private:
  Severity severity_;
};

}  // namespace millrace
