// SPDX-License-Identifier: Apache-2.0
#include "runtime/housekeeping.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

// Limit for one request. Closing the application waits for a request that is under way, so it must be short.
constexpr Millis kRequestTimeout{10'000};
// A broker that has just started may not list all topics yet. So a missing topic counts only after several refreshes.
constexpr int kTopologyErrorsTolerated = 5;
// With one refresh per second, this is about half a minute.
constexpr int kRefreshesForNewPartitions = 30;

}  // namespace

Housekeeping::Housekeeping(ThreadEnvironment& environment,
                           std::function<std::map<TopicPartition, std::int64_t>()> committed,
                           std::function<void(std::shared_ptr<const TopologyPlan>)> plan_changed)
    : environment_(environment),
      committed_(std::move(committed)),
      plan_changed_(std::move(plan_changed)),
      purge_ms_(environment.task.config.get_int("repartition.purge.interval.ms")),
      cleanup_ms_(environment.task.config.get_int("state.cleanup.delay.ms")),
      metadata_ms_(environment.task.config.get_int("metadata.max.age.ms")),
      // Nothing is due at the start: the plan is fresh, and no task directory is obsolete yet.
      last_purge_(environment.task.clock.monotonic_ms()),
      last_cleanup_(last_purge_),
      last_refresh_(last_purge_) {}

void Housekeeping::run_due(Timestamp now, bool replan) {
  const auto due = [now](Timestamp& last, std::int64_t interval_ms) {
    if (now - last < interval_ms) return false;
    // Set before the work, so that a failing job is tried again after its interval and not every second.
    last = now;
    return true;
  };
  if (replan) refreshes_left_ = kRefreshesForNewPartitions;
  try {
    if (due(last_purge_, purge_ms_)) purge_repartition_topics();
    if (environment_.state_directory != nullptr && due(last_cleanup_, cleanup_ms_)) {
      (void)environment_.state_directory->clean_obsolete(Millis(cleanup_ms_));
    }
    // After a topology error the plan is refreshed every second, until it succeeds or the error counts as permanent.
    if (refreshes_left_ > 0 || topology_errors_ > 0 || due(last_refresh_, metadata_ms_)) {
      refreshes_left_ = refresh_plan() ? 0 : std::max(refreshes_left_ - 1, 0);
      topology_errors_ = 0;
    }
  } catch (const TopologyException& error) {
    if (++topology_errors_ > kTopologyErrorsTolerated) throw;
    log(LogLevel::warn, environment_.task.application_id + ": " + error.what());
  } catch (const std::exception& error) {
    // The broker may be out of reach. The stream threads notice that themselves and decide when to give up.
    log(LogLevel::warn, environment_.task.application_id + ": housekeeping: " + error.what());
  }
}

bool Housekeeping::refresh_plan() {
  auto fresh = std::make_shared<const TopologyPlan>(
      plan_topology(environment_.task.topology, environment_.task.application_id, environment_.task.config,
                    environment_.admin, kRequestTimeout));
  if (*fresh == *environment_.plan()) return false;
  plan_changed_(std::move(fresh));
  return true;
}

void Housekeeping::purge_repartition_topics() {
  const auto plan = environment_.plan();
  std::map<TopicPartition, std::int64_t> processed;
  for (const auto& [partition, offset] : committed_()) {
    if (!plan->repartition_topics().contains(partition.topic)) continue;
    // Partitions without progress since the last purge are left out of the request.
    const auto before = purged_.find(partition);
    if (before == purged_.end() || before->second < offset) processed.emplace(partition, offset);
  }
  if (processed.empty()) return;
  // A committed offset is the next one to read. So every record before it was processed, and nobody else reads the
  // topic.
  environment_.admin.delete_records(processed, kRequestTimeout);
  // Only after success: a failed request is repeated at the next interval.
  for (const auto& [partition, offset] : processed) purged_[partition] = offset;
}

}  // namespace millrace::detail
