// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

/// The lock of the global stores of an application, and a gate for readers. The gate is closed while the stores are
/// rebuilt: the stores have only a part of their topics then, so readers must wait.
///
/// Threads: thread-safe.
class StoreGate {
 public:
  /// Does not wait for the gate. For the thread that fills the stores.
  [[nodiscard]] std::unique_lock<std::mutex> lock_to_fill() { return std::unique_lock(mutex_); }
  /// For one read. Waits while the gate is closed. Throws BrokerException (retriable) after end_waiting().
  [[nodiscard]] std::unique_lock<std::mutex> lock_to_read() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ || ending_; });
    if (!open_) {
      throw BrokerException(BrokerException::Severity::retriable,
                            "the global stores are being rebuilt, and the application ends before they are complete");
    }
    return lock;
  }
  /// The mutex itself, for commits. It is not recursive.
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

  /// From now on lock_to_read() waits.
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  /// The stores are complete again, and readers go on. After a close() the generation changes, because the stores were
  /// replaced: iterators over the old stores must not be used any more.
  void open() {
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(open_, true)) ++generation_;
    }
    changed_.notify_all();
  }
  /// The application ends. From now on lock_to_read() throws instead of waiting.
  void end_waiting() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
  }
  /// How often the stores were rebuilt. REQUIRES: the caller holds the lock.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  bool ending_ = false;
  std::uint64_t generation_ = 0;
};

}  // namespace millrace::detail
