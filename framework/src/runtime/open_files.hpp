// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/config/streams_config.hpp"
#include "runtime/plan/topology_plan.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// An estimate of how many files and sockets an application has open at the same time. Each task with persistent stores
/// has one RocksDB database. Each Kafka client has connections and wake-up pipes. The embedded broker has one database.
struct OpenFiles {
  std::uint64_t tasks = 0;       ///< number of tasks with a database, if this process gets all tasks
  std::uint64_t of_stores = 0;   ///< files of all databases of tasks and global stores, if the stores are large
  std::uint64_t of_clients = 0;  ///< files and sockets of Kafka clients, or of the embedded broker
  std::uint64_t all = 0;         ///< of_stores, of_clients, and the files of the process itself
};

/// `threads`: the number of stream threads. `embedded`: the application uses the embedded broker.
[[nodiscard]] OpenFiles open_files(const TopologyPlan& plan, const TopologyBuilder& topology,
                                   const StreamsConfig& config, std::int64_t threads, bool embedded);
/// The number of files and sockets that one task with small stores needs. Needs no plan, so it can be called before the
/// first request to the broker.
[[nodiscard]] std::uint64_t least_open_files(const TopologyBuilder& topology, const StreamsConfig& config,
                                             std::int64_t threads, bool embedded);

/// Throws StreamsException if `limit` is less than `least`. `limit`: how many files this process may have open (`ulimit
/// -n`); nullopt: there is no limit.
void require_open_files(std::uint64_t least, std::optional<std::uint64_t> limit, const std::string& application_id);
/// Logs a warning if `limit` is too low for all tasks. This is not an error, because other processes may run some of
/// the tasks.
void warn_of_few_open_files(const OpenFiles& needed, std::optional<std::uint64_t> limit,
                            const std::string& application_id);

}  // namespace millrace::detail
