#include "runtime/task/punctuations.hpp"

#include <string>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

Cancellable Punctuations::schedule(NodeBase& node, Timestamp first, std::int64_t interval_ms, Punctuator callback,
                                   std::optional<Timestamp> now) {
  if (interval_ms < 1) {
    throw TopologyException("processor '" + node.name() + "' schedules a punctuation every " +
                            std::to_string(interval_ms) + " ms: the interval must be at least 1 ms");
  }
  if (now && first < *now) first = next_slot(first, interval_ms, *now);
  auto cancelled = std::make_shared<bool>(false);
  // A start within one interval is like any other slot.
  const bool waits_for_start = now && first > *now + interval_ms;
  schedules_.offer({&node, first, interval_ms, std::move(callback), cancelled, waits_for_start});
  return Cancellable(cancelled);
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
    schedule.due = next_slot(schedule.due, schedule.interval_ms, now);
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
      schedule.due -= (schedule.due - now - 1) / schedule.interval_ms * schedule.interval_ms;
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
