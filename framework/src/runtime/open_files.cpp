// SPDX-License-Identifier: Apache-2.0
#include "runtime/open_files.hpp"

#include <algorithm>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/task/store_plans.hpp"

namespace millrace::detail {
namespace {

// All constants are numbers of open files and sockets.

/// Standard input and output, the log, the lock of the state directory, and the files of user code.
constexpr std::uint64_t kOfTheProcess = 10;
/// An empty RocksDB database: log, lock, manifest, write-ahead logs, directories.
constexpr std::uint64_t kOfADatabase = 10;
/// Data files of one large store that RocksDB keeps open.
constexpr std::uint64_t kOfAStore = 20;
/// RocksDB keeps at most this many data files of one task open (max_open_files).
constexpr std::uint64_t kMostDataFiles = 256;
/// A Kafka client needs a connection and a pipe for each broker that it knows, and one or two more pipes. The first
/// number is for a cluster of three brokers, the second number for one broker.
constexpr std::uint64_t kOfAClient = 13;
constexpr std::uint64_t kOfASmallClient = 6;
/// Kafka clients of a stream thread: consumer, restore consumer, producer.
constexpr std::uint64_t kClientsOfAThread = 3;
/// Kafka clients of the application: one for requests about topics, one for requests about groups.
constexpr std::uint64_t kOtherClients = 2;
/// The database of the embedded broker: max_open_files of its storage, plus kOfADatabase. The second number is for
/// little data.
constexpr std::uint64_t kOfTheEmbeddedBroker = 522;
constexpr std::uint64_t kOfASmallEmbeddedBroker = 30;

/// The number of persistent stores of a sub-topology.
std::uint64_t persistent_stores(const Subtopology& subtopology, const TopologyBuilder& topology,
                                const StreamsConfig& config) {
  return static_cast<std::uint64_t>(std::ranges::count_if(subtopology.stores, [&](const std::string& store) {
    return is_persistent(definition_of(*topology.stores().at(store)).spec, config);
  }));
}

std::uint64_t of_a_task(std::uint64_t stores) { return kOfADatabase + std::min(stores * kOfAStore, kMostDataFiles); }

std::uint64_t global_stores(const TopologyBuilder& topology, const StreamsConfig& config) {
  return static_cast<std::uint64_t>(std::ranges::count_if(topology.global_stores(), [&](const auto& entry) {
    return is_persistent(definition_of(*topology.stores().at(entry.first)).spec, config);
  }));
}

std::uint64_t kafka_clients(std::int64_t threads) {
  return static_cast<std::uint64_t>(threads) * kClientsOfAThread + kOtherClients;
}

/// The beginning of both messages.
std::string has_few(const std::string& application_id, std::uint64_t limit) {
  return application_id + ": this process may have only " + std::to_string(limit) +
         " files and sockets open (ulimit -n), but ";
}

}  // namespace

OpenFiles open_files(const TopologyPlan& plan, const TopologyBuilder& topology, const StreamsConfig& config,
                     std::int64_t threads, bool embedded) {
  OpenFiles needed;
  needed.of_clients = embedded ? kOfTheEmbeddedBroker : kOfAClient * kafka_clients(threads);
  for (const TopologyPlan::Tasks& tasks : plan.tasks()) {
    const std::uint64_t stores = persistent_stores(tasks.subtopology, topology, config);
    if (stores == 0) continue;
    const auto count = static_cast<std::uint64_t>(tasks.count);
    needed.tasks += count;
    needed.of_stores += count * of_a_task(stores);
  }
  if (const auto global = global_stores(topology, config); global > 0) needed.of_stores += of_a_task(global);
  needed.all = kOfTheProcess + needed.of_clients + needed.of_stores;
  return needed;
}

std::uint64_t least_open_files(const TopologyBuilder& topology, const StreamsConfig& config, std::int64_t threads,
                               bool embedded) {
  const std::uint64_t global = global_stores(topology, config);
  const bool stores = std::ranges::any_of(topology.stores(), [&](const auto& entry) {
    return !topology.global_stores().contains(entry.first) && is_persistent(definition_of(*entry.second).spec, config);
  });
  return kOfTheProcess + (embedded ? kOfASmallEmbeddedBroker : kOfASmallClient * kafka_clients(threads)) +
         (stores ? kOfADatabase : 0) + (global > 0 ? kOfADatabase : 0);
}

void require_open_files(std::uint64_t least, std::optional<std::uint64_t> limit, const std::string& application_id) {
  if (!limit || *limit >= least) return;
  throw StreamsException(has_few(application_id, *limit) + "needs about " + std::to_string(least) +
                         " to run even one task with small stores: raise the limit to several times this number");
}

void warn_of_few_open_files(const OpenFiles& needed, std::optional<std::uint64_t> limit,
                            const std::string& application_id) {
  if (!limit || *limit >= needed.all) return;
  log(LogLevel::warn, has_few(application_id, *limit) + "may need about " + std::to_string(needed.all) + ": " +
                          std::to_string(needed.of_stores) + " for the stores of " + std::to_string(needed.tasks) +
                          " tasks, if this process gets all of them, and " + std::to_string(needed.of_clients) +
                          " for the broker: raise the limit to " + std::to_string(needed.all) + " or more");
}

}  // namespace millrace::detail
