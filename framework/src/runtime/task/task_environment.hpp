// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/serde/detail/configured_serdes.hpp"
#include "millrace/state/store_builder.hpp"
#include "runtime/task/error_policy.hpp"
#include "runtime/task/task_metrics.hpp"

namespace millrace::detail {

class StateMemory;

/// What all tasks of an application share. It outlives them, and does not change while they run. So every thread reads
/// it without a lock.
struct TaskEnvironment {
  const TopologyBuilder& topology;
  std::string application_id;
  const StreamsConfig& config;
  const Clock& clock;
  ErrorPolicy errors;
  /// How often left and outer joins and on-close windows look for results to emit, in ms. 0 in tests: after every
  /// record.
  std::int64_t emit_interval_ms = 1000;
  /// For sources without a timestamp extractor of their own.
  TimestampPolicy default_timestamps = TimestampPolicy::fail_on_invalid;
  /// Finds a global store, which every node may read. nullptr: there is none with this name. `reader`: the name of the
  /// node, for messages. Thread-safe.
  std::function<StateStore*(const std::string& name, const std::string& reader)> find_global_store = {};
  /// See GlobalThread::rebuild(): reports damaged files in `directory`. If they belong to the global stores, the global
  /// thread rebuilds these stores, and readers wait meanwhile. Returns false if they do not belong to the global
  /// stores. Thread-safe.
  std::function<bool(const std::filesystem::path& directory)> rebuild_global_stores = [](const std::filesystem::path&) {
    return false;
  };
  /// The memory that all databases share. Null: each database has the full limits for itself.
  std::shared_ptr<StateMemory> state_memory = {};
  /// See StoreBinding::Setup.
  std::function<void(const StoreBuilder&, const std::string&, ByteStore&)> share_store = {};
  /// If not empty: the task opens only this store. See SourceRestorer.
  std::string only_store = {};
  std::shared_ptr<ClientMetrics> metrics = std::make_shared<ClientMetrics>();       ///< of the application; never null
  std::shared_ptr<ConfiguredSerdes> serdes = std::make_shared<ConfiguredSerdes>();  ///< of the application; never null
};

/// The policy that default.timestamp.extractor names.
[[nodiscard]] TimestampPolicy configured_timestamps(const StreamsConfig& config);

}  // namespace millrace::detail
