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

/// What the stream threads of one application share. Outlives them.
struct ThreadEnvironment {
  TaskEnvironment task;
  Broker& broker;
  Admin& admin;
  StateDirectory* state_directory;  ///< null: nothing is persistent
  ChangelogReader::Progress restore_progress;
  /// The plan in force; it changes when topics come, go or grow.
  std::function<std::shared_ptr<const TopologyPlan>()> plan;
  /// Asks for a fresh plan, because the group knows partitions that this one does not.
  std::function<void()> replan;
  /// Offsets that were committed, for purging and for those who wait for progress.
  std::function<void(const std::map<TopicPartition, OffsetAndMetadata>&)> committed;
};

}  // namespace millrace::detail
