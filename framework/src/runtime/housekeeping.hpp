#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "runtime/thread/thread_environment.hpp"

namespace millrace::detail {

/// What an application does from time to time beside its stream threads: deletes processed records from repartition
/// topics, deletes local state of tasks that moved away, looks for new topics and partitions.
class Housekeeping {
 public:
  /// `committed`: the offsets that this instance committed last. `plan_changed` takes a plan that differs from
  /// the one in force.
  Housekeeping(ThreadEnvironment& environment, std::function<std::map<TopicPartition, std::int64_t>()> committed,
               std::function<void(std::shared_ptr<const TopologyPlan>)> plan_changed);

  /// Does what is due; to be called about once a second. `now`: Clock::monotonic_ms(). `replan`: the group knows of
  /// partitions that the plan does not. Throws TopologyException if the topics have changed so that the application
  /// cannot go on; other failures are logged and tried again the next time.
  void run_due(Timestamp now, bool replan);

 private:
  void purge_repartition_topics();
  /// Returns whether it has changed.
  bool refresh_plan();

  ThreadEnvironment& environment_;
  std::function<std::map<TopicPartition, std::int64_t>()> committed_;
  std::function<void(std::shared_ptr<const TopologyPlan>)> plan_changed_;
  std::int64_t purge_ms_;
  std::int64_t cleanup_ms_;
  std::int64_t metadata_ms_;
  Timestamp last_purge_;
  Timestamp last_cleanup_;
  Timestamp last_refresh_;
  int refreshes_left_ = 0;   ///< until the partitions that the group knows of are expected to show
  int topology_errors_ = 0;  ///< in a row
  std::map<TopicPartition, std::int64_t> purged_;
};

}  // namespace millrace::detail
