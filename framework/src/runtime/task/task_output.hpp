// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/detail/strong.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "state/task_database.hpp"

namespace millrace::detail {

/// Where a task writes: sinks, changelogs, the dead-letter topic. An interface, because a stream thread writes to the
/// broker, the global thread writes nothing, and TopologyTestDriver keeps the records.
///
/// Threads: the task's thread. Errors: an implementation may report the failure of a record in a later call.
class TaskOutput : public RecordCollector {
 public:
  /// Announces that a changelog partition will be written. The returned token stands for it in the other calls. A
  /// number is cheaper per record than a topic name. `store` and `task` are for error messages, which name the store,
  /// the task and the input record that the task is processing. `task` may be null: then messages do not name the task
  /// and the record. `task` must outlive the call of close_changelog().
  [[nodiscard]] virtual std::uint64_t open_changelog(const TopicPartition& changelog, const std::string& store,
                                                     const TaskContext* task) = 0;
  /// The token must not be used afterwards.
  virtual void close_changelog(std::uint64_t token) = 0;

  /// Sends one change. A null `value` is a delete. `timestamp`: ms since the epoch. `headers` may be null. All views
  /// are copied.
  virtual void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                              const Headers* headers) = 0;

  /// The position behind the last record of this changelog that the broker has confirmed. nullopt: none was confirmed.
  [[nodiscard]] virtual std::optional<LogPosition> confirmed_position(std::uint64_t token) const = 0;
};

}  // namespace millrace::detail
