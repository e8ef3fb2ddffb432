// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

class NodeBase;

/// Measures how long each node of a task takes. The time in the nodes after it does not count. A task has a timer only
/// after a failure that a slow node may have caused, because each measurement reads the clock twice.
///
/// Used by the task's thread only.
class NodeTimer {
 public:
  /// `clock` must outlive the object.
  explicit NodeTimer(const Clock& clock) : clock_(clock) {}
  NodeTimer(const NodeTimer&) = delete;
  NodeTimer& operator=(const NodeTimer&) = delete;

  /// From its construction to its end, a node works. Stays of other nodes may be nested. A null `timer` measures
  /// nothing. `timer` and `node` must outlive the object.
  class Stay {
   public:
    /// Measures nothing.
    Stay() : timer_(nullptr) {}
    Stay(NodeTimer* timer, const NodeBase& node) : timer_(timer) {
      if (timer_ != nullptr) timer_->enter(node);
    }
    ~Stay() {
      if (timer_ != nullptr) timer_->leave();
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    NodeTimer* timer_;
  };

  /// The node that took the longest, in all its stays together.
  struct Slowest {
    std::string node;
    Millis took{0};
  };
  /// nullopt: no node has worked since the last reset().
  [[nodiscard]] std::optional<Slowest> slowest() const;
  /// Forgets all measured times. REQUIRES: no stay is under way.
  void reset() { spent_.clear(); }

  /// Makes an object that lives as long as this timer.
  template <class T, class... Args>
  T& keep(Args&&... args) {
    auto made = share<T, T>(std::forward<Args>(args)...);
    T& kept = *made;
    kept_.push_back(std::move(made));
    return kept;
  }

 private:
  void enter(const NodeBase& node);
  void leave();
  /// Adds the time since the last look at the clock to the innermost stay.
  void look();

  const Clock& clock_;
  std::vector<const NodeBase*> stays_;  ///< from the outermost to the innermost
  std::int64_t looked_at_ = 0;          ///< Clock::nanos()
  std::map<const NodeBase*, std::int64_t> spent_;
  std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace millrace::detail
