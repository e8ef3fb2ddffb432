// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A binary heap with the smallest element first, ordered by the member `Time`. Equal elements come out in the same
/// order as from Java's `PriorityQueue`. std::priority_queue promises no order among equal elements. So records and
/// punctuations with the same time run in the order of Kafka Streams, and a test gives the same results.
///
/// The two loops below are Java's siftUp and siftDown, with the same comparisons. Changing `>=` to `>` would change the
/// order.
template <class T, auto Time>
class JavaPriorityQueue {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  /// REQUIRES: not empty.
  [[nodiscard]] const T& front() const { return heap_.front(); }
  /// All elements, in the order of the heap's array.
  [[nodiscard]] const std::vector<T>& elements() const { return heap_; }

  /// Adds an element.
  void offer(T element) {
    std::size_t hole = heap_.size();
    heap_.emplace_back();
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 2;
      if (element.*Time >= heap_[parent].*Time) break;
      heap_[hole] = std::move(heap_[parent]);
      hole = parent;
    }
    heap_[hole] = std::move(element);
  }

  /// Removes and returns the first element. REQUIRES: not empty.
  [[nodiscard]] T poll() {
    T first = std::move(heap_.front());
    const std::size_t size = heap_.size() - 1;
    if (size == 0) {
      heap_.pop_back();
      return first;
    }
    // The last element looks for its new place, starting from the root.
    T last = std::move(heap_.back());
    heap_.pop_back();
    std::size_t hole = 0;
    while (hole < size / 2) {
      std::size_t child = 2 * hole + 1;
      if (child + 1 < size && heap_[child].*Time > heap_[child + 1].*Time) ++child;
      if (last.*Time <= heap_[child].*Time) break;
      heap_[hole] = std::move(heap_[child]);
      hole = child;
    }
    heap_[hole] = std::move(last);
    return first;
  }

 private:
  std::vector<T> heap_;
};

}  // namespace millrace::detail
