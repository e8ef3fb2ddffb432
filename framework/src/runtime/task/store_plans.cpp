// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/store_plans.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "topology/topology_graph.hpp"

namespace millrace::detail {

bool is_persistent(const StoreSpec& spec, const StreamsConfig& config) {
  if (spec.kind == StoreKind::custom) return false;
  return spec.default_medium ? config.get_string("default.dsl.store") != "in_memory" : spec.persistent;
}

std::shared_ptr<StateMemory> make_state_memory(const StreamsConfig& config) {
  DatabaseOptions options;
  options.tier_bytes = static_cast<std::size_t>(config.get_int("millrace.memory.tier.max.bytes"));
  options.block_cache_bytes = static_cast<std::size_t>(config.get_int("millrace.rocksdb.block.cache.bytes"));
  options.write_buffer_bytes = static_cast<std::size_t>(config.get_int("millrace.rocksdb.write.buffer.bytes"));
  return std::make_shared<StateMemory>(options);
}

std::vector<StorePlan> plan_stores(TaskId id, const TaskEnvironment& environment,
                                   const std::vector<const NodeSpec*>& nodes,
                                   const std::vector<TopicPartition>& inputs) {
  const TopologyBuilder& topology = environment.topology;
  std::set<std::string> seen;
  std::vector<StorePlan> plans;
  for (const NodeSpec* node : nodes) {
    for (const std::string& name : node->stores) {
      // Several nodes may share a store.
      if (!seen.insert(name).second) continue;
      StorePlan& plan = plans.emplace_back();
      plan.builder = topology.stores().at(name);
      const StoreSpec& spec = definition_of(*plan.builder).spec;
      plan.persistent = is_persistent(spec, environment.config);
      if (const auto global = topology.global_stores().find(name); global != topology.global_stores().end()) {
        // Four cases:
        // - A global store is rebuilt from all partitions of its topic.
        // - A table that reuses its source topic as changelog is rebuilt from the task's partition of this topic.
        // - A table without a changelog is rebuilt from the task's partition of its source topic.
        // - Any other store is rebuilt from its changelog.
        plan.from_source = true;
        for (const TopicPartition& input : inputs) {
          if (input.topic == global->second) plan.changelogs.push_back(input);
        }
      } else if (const auto source = topology.source_changelogs().find(name);
                 source != topology.source_changelogs().end()) {
        plan.from_source = true;
        plan.changelogs = {{source->second, id.partition}};
      } else {
        const auto table = topology.tables().find(name);
        if (table != topology.tables().end()) plan.table_of = TopicPartition{table->second, id.partition};
        if (spec.logging) {
          plan.changelogs = {{changelog_topic(environment.application_id, name), id.partition}};
        } else if (plan.table_of) {
          plan.from_source = true;
          plan.changelogs = {*plan.table_of};
        }
      }
    }
  }
  return plans;
}

std::unique_ptr<StoreSet> open_stores(TaskId id, const TaskEnvironment& environment,
                                      const std::vector<const NodeSpec*>& nodes,
                                      const std::vector<TopicPartition>& inputs,
                                      const std::filesystem::path& directory) {
  return std::make_unique<StoreSet>(
      "task " + id.str(), plan_stores(id, environment, nodes, inputs), directory,
      // Without shared memory (in tests) each task gets the full limits for itself.
      environment.state_memory ? environment.state_memory : make_state_memory(environment.config));
}

}  // namespace millrace::detail
