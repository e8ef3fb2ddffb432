// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/detail/graph.hpp"
#include "millrace/dsl/detail/windows/suppress_nodes.hpp"

namespace millrace::detail {

// Searches upstream for the windowed aggregations that the table comes from. If there are several, the largest grace
// counts: a suppressed result must not be emitted while any of them can still change.
std::int64_t find_window_grace(const GraphNode& node, const std::string& suppress) {
  if (node.window_grace_ms) return *node.window_grace_ms;
  if (node.parents.empty()) {
    throw TopologyException("'" + suppress +
                            "' waits until windows close, but there is no windowed aggregation before it");
  }
  std::int64_t grace = 0;
  for (const GraphNode* parent : node.parents) grace = std::max(grace, find_window_grace(*parent, suppress));
  return grace;
}

}  // namespace millrace::detail
