// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "millrace/common/time.hpp"

namespace millrace::detail::embedded {

/// The topic configuration that the embedded broker applies, with Kafka's names and defaults. Kafka's other names are
/// stored and shown, but have no effect. Times are in ms, sizes in bytes; -1 means unlimited for the retentions.
struct TopicSettings {
  bool compact = false;  ///< cleanup.policy contains `compact`
  bool remove = true;    ///< cleanup.policy contains `delete`
  std::int64_t retention_ms = 604800000;
  std::int64_t retention_bytes = -1;
  std::int64_t min_compaction_lag_ms = 0;
  std::int64_t delete_retention_ms = 86400000;
  double min_cleanable_dirty_ratio = 0.5;  ///< 0 to 1
  std::int64_t max_message_bytes = 1048588;
  std::int64_t timestamp_before_max_ms = INT64_MAX;  ///< message.timestamp.before.max.ms
  std::int64_t timestamp_after_max_ms = 3600000;     ///< message.timestamp.after.max.ms
  bool log_append_time = false;                      ///< message.timestamp.type=LogAppendTime

  /// Throws BrokerException (fatal) for a name that Kafka does not know, and for a value that Kafka would refuse.
  [[nodiscard]] static TopicSettings parse(const std::string& topic, const std::map<std::string, std::string>& configs);

  /// Throws BrokerException (fatal) for a name that Kafka does not know.
  static void check_names(const std::string& topic, const std::map<std::string, std::string>& configs);

  /// All topic configurations of Kafka, with their default values.
  [[nodiscard]] static const std::map<std::string, std::string>& defaults();
};

/// Throws BrokerException (fatal) if Kafka would refuse the name.
void check_topic_name(const std::string& name);

}  // namespace millrace::detail::embedded
