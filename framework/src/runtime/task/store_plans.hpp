// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "runtime/task/task_environment.hpp"
#include "state/state_memory.hpp"
#include "state/store_set.hpp"

namespace millrace::detail {

/// Whether the store is kept in RocksDB on disk. For a store of the DSL without an explicit store type,
/// default.dsl.store decides. False for custom stores.
[[nodiscard]] bool is_persistent(const StoreSpec& spec, const StreamsConfig& config);

/// The memory that the databases of all tasks share. Its limits come from the configuration (`millrace.memory.*`,
/// `millrace.rocksdb.*`), in bytes.
[[nodiscard]] std::shared_ptr<StateMemory> make_state_memory(const StreamsConfig& config);

/// Which stores a task has, whether each is on disk, and from which partitions each is rebuilt. In the order of the
/// topology, each store once. `nodes`: the nodes of the task. `inputs`: the partitions that the task reads. A global
/// store is rebuilt from those of its topic.
[[nodiscard]] std::vector<StorePlan> plan_stores(TaskId id, const TaskEnvironment& environment,
                                                 const std::vector<const NodeSpec*>& nodes,
                                                 const std::vector<TopicPartition>& inputs);

/// Opens the stores of a task. `directory`: the task's own; used only if a store is on disk. Throws
/// StateCorruptedException if the directory cannot be used as it is: the caller then deletes it and calls again.
[[nodiscard]] std::unique_ptr<StoreSet> open_stores(TaskId id, const TaskEnvironment& environment,
                                                    const std::vector<const NodeSpec*>& nodes,
                                                    const std::vector<TopicPartition>& inputs,
                                                    const std::filesystem::path& directory);

}  // namespace millrace::detail
