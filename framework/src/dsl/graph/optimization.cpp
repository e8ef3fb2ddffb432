// SPDX-License-Identifier: Apache-2.0
#include "dsl/graph/optimization.hpp"

#include <algorithm>
#include <sstream>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

using Predicate = std::function<bool(const GraphNode&)>;

/// Depth-first search upstream, starting with `node`. Returns the first node that fits; null if there is none.
GraphNode* find_upstream(GraphNode& node, const Predicate& fits) {
  if (fits(node)) return &node;
  for (GraphNode* parent : node.parents) {
    if (fits(*parent)) return parent;
    if (GraphNode* found = find_upstream(*parent, fits)) return found;
  }
  return nullptr;
}

bool is_child_of(const GraphNode& node, const GraphNode& parent) {
  return std::ranges::find(node.parents, &parent) != node.parents.end();
}

/// The node on the way from `node` up to `ancestor` that is a child of `ancestor`. Null if `ancestor` is not upstream.
GraphNode* child_towards(GraphNode& node, const GraphNode& ancestor) {
  return find_upstream(node, [&](const GraphNode& candidate) { return is_child_of(candidate, ancestor); });
}

}  // namespace

Optimizations Optimizations::parse(std::string_view text) {
  Optimizations result;
  std::istringstream words{std::string(text)};
  std::string word;
  while (std::getline(words, word, ',')) {
    const auto begin = word.find_first_not_of(' ');
    word = begin == std::string::npos ? "" : word.substr(begin, word.find_last_not_of(' ') - begin + 1);
    // An empty item is accepted, as in Kafka's lists.
    if (word == "none" || word.empty()) {
      continue;
    } else if (word == "all") {
      result = {true, true, true};
    } else if (word == "reuse.ktable.source.topics") {
      result.reuse_table_sources = true;
    } else if (word == "merge.repartition.topics") {
      result.merge_repartitions = true;
    } else if (word == "single.store.self.join") {
      result.single_store_self_join = true;
    } else {
      throw ConfigException("topology.optimization: there is no '" + word +
                            "', only none, all, reuse.ktable.source.topics, merge.repartition.topics and "
                            "single.store.self.join");
    }
  }
  return result;
}

// Both directions, without duplicates.
void link(GraphNode& parent, GraphNode& child) {
  if (std::ranges::find(parent.children, &child) == parent.children.end()) parent.children.push_back(&child);
  if (std::ranges::find(child.parents, &parent) == child.parents.end()) child.parents.push_back(&parent);
}

void unlink(GraphNode& parent, GraphNode& child) {
  std::erase(parent.children, &child);
  std::erase(child.parents, &parent);
}

// Three steps: group the repartitionings by the operation that changed the key, then move groups behind merges, then
// replace each group by one repartitioning.
std::vector<std::pair<std::string, std::string>> RepartitionMerger::run() {
  collect();
  move_to_merge_nodes();
  for (const Group& group : groups_) {
    if (!group.repartitions.empty()) replace(group);
  }
  return std::move(replaced_);
}

// Nodes are in the order of creation, so a key change comes before the repartitionings behind it.
void RepartitionMerger::collect() {
  for (const auto& node : nodes_) {
    if (node->changes_key) {
      groups_.push_back({node.get(), {}});
    } else if (node->repartition && node->repartition->mergeable) {
      // If the value changes between the two, one topic cannot serve both: it would need the old and the new value.
      GraphNode* changer =
          find_upstream(*node, [](const GraphNode& other) { return other.changes_key || other.changes_value; });
      if (changer == nullptr || !changer->changes_key) continue;
      const auto group = std::ranges::find(groups_, changer, &Group::key_changer);
      if (group != groups_.end()) group->repartitions.push_back(node.get());
    }
  }
}

/// If streams with changed keys are merged before they are repartitioned, one topic behind the merge is enough for all.
void RepartitionMerger::move_to_merge_nodes() {
  std::vector<Group> merged;
  std::vector<GraphNode*> emptied;
  for (const auto& node : nodes_) {
    if (!node->merges) continue;
    Group behind{node.get(), {}};
    for (const Group& group : groups_) {
      // A group moves only if every repartitioning of it is downstream of the merge.
      const bool all_behind = std::ranges::all_of(
          group.repartitions, [&](GraphNode* repartition) { return child_towards(*repartition, *node) != nullptr; });
      if (!all_behind || child_towards(*node, *group.key_changer) == nullptr) continue;
      for (GraphNode* repartition : group.repartitions) {
        if (std::ranges::find(behind.repartitions, repartition) == behind.repartitions.end()) {
          behind.repartitions.push_back(repartition);
        }
      }
      emptied.push_back(group.key_changer);
    }
    merged.push_back(std::move(behind));
  }
  // A group that moved behind a merge is no longer behind its own key change.
  std::erase_if(groups_,
                [&](const Group& group) { return std::ranges::find(emptied, group.key_changer) != emptied.end(); });
  std::ranges::move(merged, std::back_inserter(groups_));
}

// Puts one new repartitioning directly behind the key change, and removes those of the group.
void RepartitionMerger::replace(const Group& group) {
  const Repartition& first = *group.repartitions.front()->repartition;
  // Keep the topic and serdes of the first repartitioning. Only the node names are new. They use new numbers, as in
  // Java.
  Repartition names = name_repartition_(first.topic);
  Repartition repartition = first;
  repartition.filter_name = names.filter_name;
  repartition.sink_name = names.sink_name;
  repartition.source_name = names.source_name;
  auto single = std::make_unique<GraphNode>(repartition.source_name);
  single->repartition = std::move(repartition);
  // The new node is written before all nodes behind it.
  single->priority = group.key_changer->priority;

  for (GraphNode* old : group.repartitions) {
    // The first operator between the key change and the old repartitioning.
    GraphNode* child = child_towards(*old, *group.key_changer);
    if (child == nullptr) {
      throw TopologyException("the repartitioning '" + old->name + "' does not follow '" + group.key_changer->name +
                              "'");
    }
    // The new repartitioning comes directly behind the key change. The operators that were between them are now behind
    // it.
    link(*single, *child);
    unlink(*group.key_changer, *child);
    // Copies, because link() and unlink() change the lists.
    const auto children = old->children;
    const auto parents = old->parents;
    // Close the gap that the old repartitioning leaves.
    for (GraphNode* next : children) {
      for (GraphNode* parent : parents) link(*parent, *next);
    }
    for (GraphNode* parent : parents) unlink(*parent, *old);
    for (GraphNode* next : children) unlink(*old, *next);
    replaced_.emplace_back(old->name, single->name);
  }
  link(*group.key_changer, *single);
  nodes_.push_back(std::move(single));
}

// A join whose two sides have the same parent joins a stream with itself.
void mark_self_joins(const GraphNodes& nodes) {
  for (const auto& join : nodes) {
    // link() keeps one edge only, so a self-join has one parent.
    if (!join->joined_windows || join->parents.size() != 1) continue;
    GraphNode& parent = *join->parents.front();
    const auto right = std::ranges::find(parent.children, join->joined_windows->right, &GraphNode::name);
    if (right == parent.children.end()) continue;
    // The node of the other side is not written then, because it is no longer reachable from the root.
    unlink(parent, **right);
    join->self_join = true;
  }
}

}  // namespace millrace::detail
