#pragma once

#include <stdexcept>
#include <string>

namespace millrace {

/// Base of everything that Millrace throws. The text names the thing, the place and the remedy.
class StreamsException : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The topology is wrong: thrown while it is built or before it starts. Names the node or topic.
class TopologyException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// A configuration key is unknown or its value is not usable. Names both.
class ConfigException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// Bytes could not be decoded, or a value could not be encoded.
class SerializationException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// A state store failed, or was used outside its life.
class ProcessorStateException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// Another process or thread holds the state directory or the embedded broker's directory.
class LockException : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// A broker (Kafka or embedded) answered with an error.
class BrokerException : public StreamsException {
 public:
  /// What the caller can do about it, in librdkafka's terms.
  enum class Severity {
    retriable,  ///< the same call may succeed later
    abortable,  ///< the transaction must be aborted, then work can go on
    fenced,     ///< another member took over this task or this transactional.id
    fatal,      ///< the client must be closed
  };

  BrokerException(Severity severity, const std::string& what) : StreamsException(what), severity_(severity) {}

  [[nodiscard]] Severity severity() const { return severity_; }

 private:
  Severity severity_;
};

}  // namespace millrace
