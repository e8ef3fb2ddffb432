// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/errors.hpp"

namespace millrace {

/// A call uses a topic or partition that does not exist. It was deleted, or it was never created. The severity is
/// retriable if the topic may still appear, for example because the brokers do not know a new topic yet. (Kafka:
/// `UnknownTopicOrPartitionException`.)
class UnknownTopicOrPartitionException : public BrokerException {
 public:
  using BrokerException::BrokerException;
  /// Takes over the severity and the text.
  explicit UnknownTopicOrPartitionException(const BrokerException& error)
      : BrokerException(error.severity(), error.what()) {}
};

}  // namespace millrace
