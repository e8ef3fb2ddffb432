// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "millrace/common/time.hpp"

namespace millrace {

/// The kind of time that drives a punctuation. (Kafka Streams: `PunctuationType`.)
enum class PunctuationType {
  stream_time,      ///< the largest timestamp of the task's records; stands still without records
  wall_clock_time,  ///< the clock of the machine
};

/// User code that runs on a schedule. The argument is the time that triggered it, in ms since the epoch. Runs on the
/// task's thread; may forward records and use stores. (Kafka Streams: `Punctuator`.)
using Punctuator = std::function<void(Timestamp)>;

/// A handle to end a schedule. Destroying the handle does not end it. (Kafka Streams: `Cancellable`.)
class Cancellable {
 public:
  Cancellable() = default;
  explicit Cancellable(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}
  /// Ends the schedule. May be called again. Task's thread only.
  void cancel() {
    if (cancelled_) *cancelled_ = true;
  }

 private:
  std::shared_ptr<bool> cancelled_;
};

}  // namespace millrace
