#pragma once

#include <functional>
#include <memory>

#include "millrace/common/time.hpp"

namespace millrace {

/// Which time drives a punctuation.
enum class PunctuationType {
  stream_time,      ///< the largest timestamp that the task has taken up; does not move without records
  wall_clock_time,  ///< the machine's clock
};

/// Called with the time that triggered it, in ms. Runs on the task's thread; may forward and use stores.
using Punctuator = std::function<void(Timestamp)>;

/// A schedule that can be ended. Dropping the handle does not end it. (Kafka Streams: `Cancellable`.)
class Cancellable {
 public:
  Cancellable() = default;
  explicit Cancellable(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}
  void cancel() {
    if (cancelled_) *cancelled_ = true;
  }

 private:
  std::shared_ptr<bool> cancelled_;
};

}  // namespace millrace
