// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/shares.hpp"

#include <algorithm>

namespace millrace::detail {
namespace {

/// Into how many shares a limit is divided. At least 1.
std::int64_t parts(const StreamsConfig& config, const TopologyBuilder& topology) {
  const std::int64_t threads = stream_threads(config, topology) + (topology.global_stores().empty() ? 0 : 1);
  return std::max<std::int64_t>(threads, 1);
}

}  // namespace

std::int64_t stream_threads(const StreamsConfig& config, const TopologyBuilder& topology) {
  // Sources of global stores are read by the global thread.
  const bool has_streams = std::ranges::any_of(
      topology.nodes(), [](const NodeSpec& node) { return node.kind == NodeSpec::Kind::source && !node.global; });
  return has_streams ? config.get_int("num.stream.threads") : 0;
}

std::size_t cache_share(const StreamsConfig& config, const TopologyBuilder& topology) {
  return static_cast<std::size_t>(config.get_int("statestore.cache.max.bytes") / parts(config, topology));
}

std::optional<std::size_t> uncommitted_share(const StreamsConfig& config, const TopologyBuilder& topology) {
  const std::int64_t all = config.get_int("statestore.uncommitted.max.bytes");
  if (all <= 0) return std::nullopt;
  return static_cast<std::size_t>(all / parts(config, topology));
}

}  // namespace millrace::detail
