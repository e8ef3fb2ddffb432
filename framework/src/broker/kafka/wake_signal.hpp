// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "millrace/common/time.hpp"

namespace millrace::detail::kafka {

/// A flag on which a consumer sleeps while all of its queues are empty.
/// librdkafka's threads raise the flag when a queue stops being empty. Consumer::wakeup() raises the flag from any
/// thread. If the flag is raised while nobody waits, the next wait() returns at once.
///
/// Threads: raise() from any thread; clear() and wait() from the polling thread only.
/// Owner: KafkaConsumer. The signal must outlive the librdkafka client, because the client's threads raise the flag.
class WakeSignal {
 public:
  /// Sets the flag and wakes the waiting thread. Thread-safe.
  void raise() {
    if (raised_.exchange(true)) return;
    // A waiting thread may have seen the flag unset but may not be asleep yet. It holds the mutex until it sleeps.
    // Taking the mutex here makes sure that it gets the notification.
    { const std::lock_guard lock(mutex_); }
    condition_.notify_one();
  }

  /// Resets the flag. Call this before you check the queues. Then a record that arrives after the check raises the flag
  /// again, and no record is missed.
  void clear() { raised_ = false; }

  /// Sleeps until the flag is raised or `timeout` is over. Does not reset the flag.
  void wait(Millis timeout) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, timeout, [this] { return raised_.load(); });
  }

  /// Callback for rd_kafka_queue_cb_event_enable(). `self` is the WakeSignal. Runs on a librdkafka thread.
  static void on_queue_event(rd_kafka_t* /*handle*/, void* self) { static_cast<WakeSignal*>(self)->raise(); }

 private:
  std::atomic<bool> raised_ = false;
  std::mutex mutex_;
  std::condition_variable condition_;
};

}  // namespace millrace::detail::kafka
