// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/topology.hpp"

namespace millrace::chaos {

/// Compares the stores on disk of closed processes with their changelogs. Takes a copy of each task directory and
/// restores it as a new owner of the task would. Then the stores must equal those of a task that starts without any
/// local state and has only the changelog. Returns the differences as text, one for each store.
///
/// `state_dirs`: the state directories of the processes. They are not changed.
[[nodiscard]] std::vector<std::string> store_differences(Broker& broker, const Topology& topology,
                                                         const StreamsConfig& config,
                                                         const std::vector<std::filesystem::path>& state_dirs);

}  // namespace millrace::chaos
