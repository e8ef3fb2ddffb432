#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "millrace/common/function_ref.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/punctuator.hpp"

namespace millrace::detail {

/// The punctuations of one task that follow one kind of time.
class Punctuations {
 public:
  /// `first`: the time from which the callback is due.
  Cancellable schedule(NodeBase& node, Timestamp first, std::int64_t interval_ms, Punctuator callback);

  /// Runs each callback that is due at `now`, earliest first, at most once; the next slot lies behind `now` on its
  /// grid. `run` carries out one callback. Returns whether any ran.
  bool run_due(Timestamp now, FunctionRef<void(NodeBase&, const Punctuator&)> run);

  /// When the next one is due; nullopt: nothing is scheduled.
  [[nodiscard]] std::optional<Timestamp> next_due() const;

 private:
  struct Schedule {
    NodeBase* node;
    Timestamp due;
    std::int64_t interval_ms;
    Punctuator callback;
    std::shared_ptr<bool> cancelled;
  };

  std::vector<std::shared_ptr<Schedule>> schedules_;
};

}  // namespace millrace::detail
