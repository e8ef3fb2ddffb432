#pragma once

#include <string>
#include <utility>

#include "state/cache/record_context_holder.hpp"

namespace millrace::detail {

/// A task's record context, set by hand.
class FakeContexts final : public RecordContextHolder {
 public:
  void keep(KeptContext& context) const override { context = now; }
  void run_under(const KeptContext& context, FunctionRef<void()> action) override {
    const KeptContext before = std::exchange(now, context);
    action();
    now = before;
  }

  /// The task works on this record of topic "in" now.
  void at(std::int64_t offset, Timestamp timestamp) {
    now = {};
    now.topic = "in";
    now.partition = 0;
    now.offset = offset;
    now.timestamp = timestamp;
  }

  KeptContext now;
};

}  // namespace millrace::detail
