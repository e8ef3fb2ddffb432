// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace::connect {

/// A queue between a source's own thread and poll(), bounded by bytes. push() waits while the queue is full, so a
/// thread that reads a connection stops reading, and the far side waits as well. Nothing is dropped.
///
/// Threads  any number of threads push, one thread takes
template <class T>
class BoundedQueue {
 public:
  /// Has room for at least one item, however large it is.
  explicit BoundedQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Waits for room. Returns false if the queue was closed; the item is then lost.
  bool push(T item, std::size_t bytes) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || items_.empty() || bytes_ + bytes <= max_bytes_; });
    if (closed_) return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    filled_.notify_one();
    return true;
  }

  /// As push(), but does not wait: false if there is no room right now.
  bool try_push(T& item, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (closed_ || (!items_.empty() && bytes_ + bytes > max_bytes_)) return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    filled_.notify_one();
    return true;
  }

  /// Appends up to `max_items` items to `items`. Waits up to `timeout` for the first one. Throws the error of fail()
  /// after the items that came before it.
  void take(std::vector<T>& items, std::size_t max_items, Millis timeout) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, timeout, [&] { return closed_ || error_ != nullptr || !items_.empty(); });
    if (items_.empty() && error_ != nullptr) std::rethrow_exception(error_);
    while (!items_.empty() && max_items-- > 0) {
      items.push_back(std::move(items_.front().first));
      bytes_ -= items_.front().second;
      items_.pop_front();
    }
    room_.notify_all();
  }

  /// No more items will come, because of this error.
  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    filled_.notify_one();
  }

  /// Ends all waiting calls. Later calls of push() return false.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    filled_.notify_all();
  }

  /// Bytes that wait at present.
  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<std::pair<T, std::size_t>> items_;
  std::size_t bytes_ = 0;
  std::exception_ptr error_;
  bool closed_ = false;
};

}  // namespace millrace::connect
