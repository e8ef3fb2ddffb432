#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "millrace/common/time.hpp"

namespace millrace::detail::kafka {

/// What a consumer sleeps on while none of its queues has anything. librdkafka's threads raise it when a queue stops
/// being empty, wakeup() does so from any thread. Raised while nobody waits, it ends the next wait at once.
class WakeSignal {
 public:
  void raise() {
    if (raised_.exchange(true)) return;
    { const std::lock_guard lock(mutex_); }  // nobody is between looking at the flag and going to sleep
    condition_.notify_one();
  }

  /// To be called before the queues are looked at, so that nothing that arrives afterwards is missed.
  void clear() { raised_ = false; }

  void wait(Millis timeout) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, timeout, [this] { return raised_.load(); });
  }

  /// For rd_kafka_queue_cb_event_enable().
  static void on_queue_event(rd_kafka_t* /*handle*/, void* self) { static_cast<WakeSignal*>(self)->raise(); }

 private:
  std::atomic<bool> raised_ = false;
  std::mutex mutex_;
  std::condition_variable condition_;
};

}  // namespace millrace::detail::kafka
