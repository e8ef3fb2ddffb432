// SPDX-License-Identifier: Apache-2.0
#include "dsl/graph/resource_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {
namespace {

/// True if `name` is a generated name, or begins with one and a dash, as `KSTREAM-JOINTHIS-0000000004-store` does.
bool made_from(std::string_view name, const std::set<std::string>& generated) {
  return std::ranges::any_of(generated, [&](const std::string& part) {
    return name.starts_with(part) && (name.size() == part.size() || name[part.size()] == '-');
  });
}

// One line of the message; empty if there are no such names.
std::string line(std::string_view what, const std::vector<std::string>& names) {
  return names.empty() ? std::string()
                       : fmt::format("\n  {} without a name of its own: {}", what, fmt::join(names, ", "));
}

}  // namespace

void require_given_names(const TopologyBuilder& topology, const std::set<std::string>& generated) {
  // Collect all names first, so that the user sees them in one message.
  std::vector<std::string> stores;
  std::vector<std::string> changelogs;
  for (const auto& [name, store] : topology.stores()) {
    if (!made_from(name, generated)) continue;
    stores.push_back(name);
    // Stores without a changelog, or with their source topic as changelog, make no topic with a generated name.
    const bool logged = definition_of(*store).spec.logging && !topology.source_changelogs().contains(name) &&
                        !topology.global_stores().contains(name);
    if (logged) changelogs.push_back(name + "-changelog");
  }
  std::vector<std::string> topics;
  for (const auto& [name, topic] : topology.internal_topics()) {
    if (made_from(name, generated)) topics.push_back(name);
  }
  if (stores.empty() && topics.empty()) return;
  throw TopologyException(
      "ensure.explicit.internal.resource.naming is set, and generated names change when the topology does. Name these "
      "by Materialized, Grouped, StreamJoined, Joined, TableJoined, Repartitioned or Suppressed:" +
      line("state stores", stores) + line("changelog topics", changelogs) + line("repartition topics", topics));
}

}  // namespace millrace::detail
