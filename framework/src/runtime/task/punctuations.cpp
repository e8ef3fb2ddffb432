// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/punctuations.hpp"

#include <limits>

#include <string>
#include <utility>

#include "millrace/common/detail/saturating.hpp"

#include "millrace/common/errors.hpp"

namespace millrace::detail {

Cancellable Punctuations::schedule(NodeBase& node, Timestamp first, std::int64_t interval_ms, Punctuator callback,
                                   std::optional<Timestamp> now) {
  if (interval_ms < 1) {
    throw TopologyException("processor '" + node.name() + "' schedules a punctuation every " +
                            std::to_string(interval_ms) + " ms: the interval must be at least 1 ms");
  }
  auto cancelled = std::make_shared<bool>(false);
  if (now && first < *now) {
    const auto next = next_slot(first, interval_ms, *now);
    if (!next) return Cancellable(cancelled);
    first = *next;
  }
  // A start within one interval is like any other slot.
  const bool waits_for_start = now && first > saturating_add(*now, interval_ms);
  schedules_.offer({&node, first, interval_ms, std::move(callback), cancelled, waits_for_start});
  return Cancellable(cancelled);
}

std::optional<Timestamp> Punctuations::next_slot(Timestamp start, std::int64_t interval_ms, Timestamp now) {
  const Timestamp last = start + (now - start) / interval_ms * interval_ms;  // at or before `now`
  if (last > std::numeric_limits<Timestamp>::max() - interval_ms) return std::nullopt;
  return last + interval_ms;
}

bool Punctuations::run_due(Timestamp now, FunctionRef<void(NodeBase&, const Punctuator&)> run) {
  if (now < last_pass_) follow_clock_back(now);
  last_pass_ = now;
  bool any = false;
  while (!schedules_.empty() && schedules_.front().due <= now) {
    Schedule schedule = schedules_.poll();
    if (*schedule.cancelled) continue;
    run(*schedule.node, schedule.callback);
    any = true;
    // A callback may cancel itself.
    if (*schedule.cancelled) continue;
    schedule.waits_for_start = false;
    const auto next = next_slot(schedule.due, schedule.interval_ms, now);
    if (!next) continue;
    schedule.due = *next;
    schedules_.offer(std::move(schedule));
  }
  return any;
}

void Punctuations::follow_clock_back(Timestamp now) {
  // Due times change, so the heap is built again.
  auto before = std::exchange(schedules_, {});
  while (!before.empty()) {
    Schedule schedule = before.poll();
    if (!schedule.waits_for_start && schedule.due > now) {
      // Goes back by whole intervals, to the smallest due time that is still after `now`.
      const Timestamp behind = saturating_sub(saturating_sub(schedule.due, now), 1);
      schedule.due -= behind / schedule.interval_ms * schedule.interval_ms;
    }
    schedules_.offer(std::move(schedule));
  }
}

std::optional<Timestamp> Punctuations::next_due() const {
  std::optional<Timestamp> next;
  for (const Schedule& schedule : schedules_.elements()) {
    if (!*schedule.cancelled && (!next || schedule.due < *next)) next = schedule.due;
  }
  return next;
}

}  // namespace millrace::detail
