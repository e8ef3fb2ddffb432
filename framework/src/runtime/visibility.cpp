// SPDX-License-Identifier: Apache-2.0
#include "runtime/visibility.hpp"

#include "millrace/state/store_builder.hpp"

namespace millrace::detail {
namespace {

/// The stores whose updates a cache holds back, in quotes.
std::string cached_stores(const TopologyBuilder& topology, const StreamsConfig& config) {
  std::string names;
  if (config.get_int("statestore.cache.max.bytes") == 0) return names;
  for (const auto& [name, builder] : topology.stores()) {
    if (definition_of(*builder).spec.caching) names += (names.empty() ? "'" : ", '") + name + "'";
  }
  return names;
}

}  // namespace

std::string when_results_appear(const TopologyBuilder& topology, const StreamsConfig& config) {
  const std::string interval = std::to_string(config.get_millis("commit.interval.ms").count()) + " ms";
  if (config.exactly_once()) {
    return "results appear with each commit, every " + interval +
           " (commit.interval.ms), to readers of committed records (isolation.level=read_committed)";
  }
  const std::string cached = cached_stores(topology, config);
  if (cached.empty()) return "results appear at once";
  return "updates of " + cached + " appear at commits, every " + interval +
         " (commit.interval.ms), or earlier if the cache is full; with statestore.cache.max.bytes=0, each update "
         "appears at once";
}

}  // namespace millrace::detail
