#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace millrace::detail {

/// The walks over a store that have not ended, which it tells about changes that they would stumble over. They may
/// outlive the store: it closes them.
template <class Walk>
class OpenWalks {
 public:
  OpenWalks() = default;
  OpenWalks(const OpenWalks&) = delete;
  OpenWalks& operator=(const OpenWalks&) = delete;
  ~OpenWalks() { close(); }

  void add(Walk& walk) { walks_.push_back(&walk); }
  void remove(Walk& walk) {
    const auto at = std::find(walks_.begin(), walks_.end(), &walk);
    if (at == walks_.end()) return;
    *at = walks_.back();
    walks_.pop_back();
  }

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
