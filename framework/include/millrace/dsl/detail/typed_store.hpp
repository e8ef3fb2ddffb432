// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/processor/detail/node.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace::detail {

/// Returns a store that `node` is connected to, as the interface `Store`. Throws std::bad_cast for a store of another
/// kind.
template <class Store>
[[nodiscard]] Store& typed_store(TaskContext& task, const NodeBase& node, const std::string& name) {
  return dynamic_cast<Store&>(task.store(node, name));
}

}  // namespace millrace::detail
