#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "runtime/task/task_environment.hpp"
#include "state/state_memory.hpp"
#include "state/store_set.hpp"

namespace millrace::detail {

/// The memory that the configuration gives to the databases of all tasks together.
[[nodiscard]] std::shared_ptr<StateMemory> make_state_memory(const StreamsConfig& config);

/// What the stores of a task are made of, in topology order. `nodes`: those of the task. `inputs`: the partitions that
/// it reads; global stores are rebuilt from theirs.
[[nodiscard]] std::vector<StorePlan> plan_stores(TaskId id, const TaskEnvironment& environment,
                                                 const std::vector<const NodeSpec*>& nodes,
                                                 const std::vector<TopicPartition>& inputs);

/// Opens the stores of a task. `directory`: the task's own. Throws StateCorruptedException if it must be deleted first.
[[nodiscard]] std::unique_ptr<StoreSet> open_stores(TaskId id, const TaskEnvironment& environment,
                                                    const std::vector<const NodeSpec*>& nodes,
                                                    const std::vector<TopicPartition>& inputs,
                                                    const std::filesystem::path& directory);

}  // namespace millrace::detail
