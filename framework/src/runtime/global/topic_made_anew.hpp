// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

/// The topic of a global store was deleted and created again, so the store has records of the old topic. GlobalThread
/// catches this exception, empties the store, and reads the new topic from its beginning.
class TopicMadeAnew final : public StreamsException {
 public:
  TopicMadeAnew(const std::string& topic, const std::string& why)
      : StreamsException("topic '" + topic + "' was deleted and created again: " + why), topic_(topic) {}
  /// For a topic that is not known by name: any topic of a global store may be the one.
  explicit TopicMadeAnew(const std::string& why)
      : StreamsException("the topic of a global store may have been deleted and created again: " + why) {}
  /// nullopt: unknown.
  [[nodiscard]] const std::optional<std::string>& topic() const { return topic_; }

 private:
  std::optional<std::string> topic_;
};

}  // namespace millrace::detail
