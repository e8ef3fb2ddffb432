// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"
#include "runtime/thread/patience.hpp"

namespace millrace::detail {

/// Warns the user if the bootstrap of the global stores makes no progress, and names the likely cause. Owned and used
/// by the thread that runs the bootstrap.
class BootstrapWatch {
 public:
  /// `admin` must outlive the object. `give_up_after`: the longest time without progress while the broker does not
  /// answer.
  BootstrapWatch(Admin& admin, Millis give_up_after);

  /// Called after each step. `ends`: the end offset (exclusive) of each partition that is not yet read to its end. If
  /// there was no progress for a while, asks the broker about one of these partitions and logs a warning. Throws a
  /// retriable BrokerException if there was no progress for `give_up_after` and the broker does not answer.
  void look(Consumer& consumer, const std::map<TopicPartition, std::int64_t>& ends);

 private:
  using SteadyClock = Patience::SteadyClock;

  Admin& admin_;
  Millis give_up_after_;
  std::size_t partitions_ = 0;     ///< number of partitions in the last look()
  std::int64_t positions_ = 0;     ///< sum of their positions in the last look()
  SteadyClock::time_point moved_;  ///< when partitions_ or positions_ last changed
  SteadyClock::time_point next_;   ///< when the next warning is due
};

}  // namespace millrace::detail
