// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "state/cache/record_context_holder.hpp"

namespace millrace::detail {

/// A task's record context that the test sets.
class FakeContexts final : public RecordContextHolder {
 public:
  void keep(KeptContext& context) override { context = copy(now); }
  void run_under(const KeptContext& context, FunctionRef<void()> action) override {
    KeptContext before = std::exchange(now, copy(context));
    action();
    now = std::move(before);
  }

  /// Makes this record of topic "in" the current record.
  void at(std::int64_t offset, Timestamp timestamp) {
    now = {};
    now.topic = &topic_;
    now.partition = 0;
    now.offset = offset;
    now.timestamp = timestamp;
  }

  KeptContext now;

 private:
  static KeptContext copy(const KeptContext& from) {
    return {from.topic,     from.partition, from.offset,
            from.timestamp, from.headers,   from.raw ? std::make_unique<KeptContext::Raw>(*from.raw) : nullptr};
  }

  std::string topic_ = "in";
};

}  // namespace millrace::detail
