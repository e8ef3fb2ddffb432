// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace millrace::detail {

/// The open iterators ("walks") of one store. The store tells them about changes that would break their position. An
/// iterator may outlive the store: the store closes its iterators when it is destroyed, and they then show no entry.
/// Used by the thread of the store's task alone. `Walk` needs a method `close()`.
template <class Walk>
class OpenWalks {
 public:
  OpenWalks() = default;
  OpenWalks(const OpenWalks&) = delete;
  OpenWalks& operator=(const OpenWalks&) = delete;
  ~OpenWalks() { close(); }

  /// Called by the iterator's constructor and destructor.
  void add(Walk& walk) { walks_.push_back(&walk); }
  void remove(Walk& walk) {
    const auto at = std::find(walks_.begin(), walks_.end(), &walk);
    if (at == walks_.end()) return;
    *at = walks_.back();
    walks_.pop_back();
  }

  /// Calls `tell(walk)` for each open iterator.
  template <class Tell>
  void each(Tell&& tell) {
    for (Walk* walk : walks_) tell(*walk);
  }

  void close() {
    each([](Walk& walk) { walk.close(); });
    walks_.clear();
  }

 private:
  std::vector<Walk*> walks_;
};

}  // namespace millrace::detail
