// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "runtime/thread/thread_environment.hpp"

namespace millrace::detail {

/// Background work of an application, beside its stream threads:
///   - deletes processed records from repartition topics (repartition.purge.interval.ms),
///   - deletes the local state of tasks that moved to another instance (state.cleanup.delay.ms),
///   - makes a new plan when topics or partitions were added or removed (metadata.max.age.ms).
///
/// Each of these waits for the broker or the disk, so a stream thread must not do them. Used by one thread, the main
/// thread of StreamsRuntime.
class Housekeeping {
 public:
  /// `environment` must outlive this object. `committed` returns the offsets that this instance committed last, by
  /// input partition. `plan_changed` gets a new plan that differs from the current one. Both are called inside
  /// run_due().
  Housekeeping(ThreadEnvironment& environment, std::function<std::map<TopicPartition, std::int64_t>()> committed,
               std::function<void(std::shared_ptr<const TopologyPlan>)> plan_changed);

  /// Does what is due. Call it about once a second. `now`: Clock::monotonic_ms(). `replan`: the group has assigned a
  /// partition that the plan does not know.
  ///
  /// Throws TopologyException if the topics have changed in a way with which the application cannot go on, for example
  /// a deleted source topic. Other failures are logged, and the work is tried again later.
  void run_due(Timestamp now, bool replan);

 private:
  void purge_repartition_topics();
  /// Makes a plan from the topics as they are now. Returns whether it differs from the current one.
  bool refresh_plan();

  ThreadEnvironment& environment_;
  std::function<std::map<TopicPartition, std::int64_t>()> committed_;
  std::function<void(std::shared_ptr<const TopologyPlan>)> plan_changed_;
  // Intervals in ms.
  std::int64_t purge_ms_;
  std::int64_t cleanup_ms_;
  std::int64_t metadata_ms_;
  // When each job ran last, as Clock::monotonic_ms().
  Timestamp last_purge_;
  Timestamp last_cleanup_;
  Timestamp last_refresh_;
  /// Attempts left to find a partition that the group knows and the plan does not. The broker that answers our request
  /// may learn of the partition later than the group.
  int refreshes_left_ = 0;
  /// Consecutive refreshes that failed with a TopologyException.
  int topology_errors_ = 0;
  /// Up to which offset (exclusive) records were deleted. Saves requests that would delete nothing.
  std::map<TopicPartition, std::int64_t> purged_;
};

}  // namespace millrace::detail
