#include "runtime/punctuations.hpp"

#include <algorithm>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

Cancellable Punctuations::schedule(NodeBase& node, Timestamp first, std::int64_t interval_ms, Punctuator callback) {
  if (interval_ms < 1) {
    throw TopologyException("processor '" + node.name() + "' schedules a punctuation every " +
                            std::to_string(interval_ms) + " ms: the interval must be at least 1 ms");
  }
  auto cancelled = std::make_shared<bool>(false);
  schedules_.push_back(std::make_shared<Schedule>(Schedule{&node, first, interval_ms, std::move(callback), cancelled}));
  return Cancellable(cancelled);
}

bool Punctuations::run_due(Timestamp now, FunctionRef<void(NodeBase&, const Punctuator&)> run) {
  if (schedules_.empty()) return false;
  // A callback may schedule or cancel others, so it works on a copy of the list.
  std::vector<std::shared_ptr<Schedule>> due;
  for (const auto& schedule : schedules_) {
    if (schedule->due <= now) due.push_back(schedule);
  }
  std::ranges::stable_sort(due, {}, [](const auto& schedule) { return schedule->due; });
  bool any = false;
  for (const auto& schedule : due) {
    if (*schedule->cancelled) continue;
    run(*schedule->node, schedule->callback);
    any = true;
    const std::int64_t missed = (now - schedule->due) / schedule->interval_ms;
    schedule->due += (missed + 1) * schedule->interval_ms;
  }
  std::erase_if(schedules_, [](const auto& schedule) { return *schedule->cancelled; });
  return any;
}

std::optional<Timestamp> Punctuations::next_due() const {
  std::optional<Timestamp> next;
  for (const auto& schedule : schedules_) {
    if (!*schedule->cancelled && (!next || schedule->due < *next)) next = schedule->due;
  }
  return next;
}

}  // namespace millrace::detail
