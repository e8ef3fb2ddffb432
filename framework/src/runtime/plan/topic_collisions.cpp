// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/topic_collisions.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "millrace/common/errors.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {
namespace {

/// What an internal topic of the application is for.
struct Use {
  std::string thing;   ///< for messages: "state store" or "repartition topic"
  std::string name;    ///< the name of the store, or of the repartition topic in the topology
  std::string ending;  ///< the end of the topic's real name that follows `name`
};

/// All internal topics of the topology, by their real names.
std::map<std::string, Use> internal_topics(const TopologyBuilder& topology, const std::string& application_id) {
  std::map<std::string, Use> topics;
  for (const auto& [store, builder] : topology.stores()) {
    if (!definition_of(*builder).spec.logging) continue;
    topics.emplace(changelog_topic(application_id, store), Use{"state store", store, "-changelog"});
  }
  for (const auto& [name, topic] : topology.internal_topics()) {
    // The name in the topology has its ending already.
    topics.emplace(decorate(topology, application_id, name), Use{"repartition topic", name, ""});
  }
  return topics;
}

bool has_records(Admin& admin, const TopicDescription& topic, Millis timeout) {
  for (std::int32_t i = 0; i < topic.partitions; ++i) {
    const Watermarks held = admin.watermarks({topic.name, i}, timeout);
    if (held.high > held.low) return true;
  }
  return false;
}

}  // namespace

void refuse_own_internal_topics(const TopologyBuilder& topology, const std::string& application_id) {
  const auto own = internal_topics(topology, application_id);
  for (const NodeSpec& node : topology.nodes()) {
    for (const std::string& topic : node.topics) {
      const auto found = own.find(topic);
      if (found == own.end()) continue;
      const bool sink = node.kind == NodeSpec::Kind::sink;
      const bool changelog = !found->second.ending.empty();
      // A source may read a changelog. A source must not read a repartition topic: its records are deleted as soon as
      // the sub-topology behind the topic has processed them.
      if (!sink && changelog) continue;
      throw TopologyException(
          (sink ? "sink '" : "source '") + node.name + (sink ? "' writes" : "' reads") + " topic '" + topic +
          "', which is " +
          (changelog ? "the changelog of state store '" + found->second.name + "'" : "a repartition topic") +
          " of this application: give the topic another name, or choose another application.id");
    }
  }
}

void refuse_topics_of_others(const TopologyBuilder& topology, const std::string& application_id, Admin& admin,
                             Millis timeout) {
  auto own = internal_topics(topology, application_id);
  const auto existing = admin.list_topics(timeout);
  std::erase_if(own, [&](const auto& entry) {
    return std::ranges::find(existing, entry.first, &TopicDescription::name) == existing.end();
  });
  if (own.empty()) return;
  const auto has_offsets = [&](const std::string& group) { return !admin.group_offsets(group, timeout).empty(); };
  if (has_offsets(application_id)) return;
  for (const auto& [topic, use] : own) {
    if (!has_records(admin, *std::ranges::find(existing, topic, &TopicDescription::name), timeout)) continue;
    // The other application's id ends before some dash of the name. So every dash is tried.
    const std::size_t end = topic.size() - use.ending.size();
    for (std::size_t dash = topic.find('-'); dash != std::string::npos && dash + 1 < end;
         dash = topic.find('-', dash + 1)) {
      const std::string other = topic.substr(0, dash);
      if (other.empty() || other == application_id || !has_offsets(other)) continue;
      throw TopologyException("topic '" + topic + "' has records, though application '" + application_id +
                              "' has not run yet. The application needs the topic for its " + use.thing + " '" +
                              use.name + "'. But group '" + other +
                              "' exists: an application with this id has a topic of the same name for its " +
                              use.thing + " '" + topic.substr(dash + 1, end - dash - 1) +
                              "'. Choose another application.id, or another name for the " + use.thing +
                              ". If no application uses the topic any more, delete the topic");
    }
  }
}

}  // namespace millrace::detail
