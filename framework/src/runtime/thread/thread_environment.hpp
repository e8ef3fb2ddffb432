// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "millrace/broker/broker.hpp"
#include "runtime/plan/topology_plan.hpp"
#include "runtime/task/stream_task.hpp"
#include "runtime/thread/changelog_reader.hpp"
#include "state/state_directory.hpp"

namespace millrace::detail {

/// What the stream threads of an application share. It outlives them. All functions are thread-safe.
struct ThreadEnvironment {
  TaskEnvironment task;
  Broker& broker;
  /// One admin client for all threads.
  Admin& admin;
  StateDirectory* state_directory;             ///< null: no store is on disk
  ChangelogReader::Progress restore_progress;  ///< empty: nobody listens
  /// Returns the present plan. It is replaced when topics are created, deleted or get more partitions.
  std::function<std::shared_ptr<const TopologyPlan>()> plan;
  /// Requests a new plan, because the group has assigned a partition that the present plan does not know.
  std::function<void()> replan;
  /// Reports committed offsets. They are used to delete records from repartition topics, and users can ask for them.
  std::function<void(const std::map<TopicPartition, OffsetAndMetadata>&)> committed;
};

}  // namespace millrace::detail
