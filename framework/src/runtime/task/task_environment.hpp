#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/state/store_builder.hpp"
#include "runtime/task/error_policy.hpp"
#include "runtime/task/task_metrics.hpp"

namespace millrace::detail {

class StateMemory;

/// What all tasks of an application share. Outlives them.
struct TaskEnvironment {
  const TopologyBuilder& topology;
  std::string application_id;
  const StreamsConfig& config;
  const Clock& clock;
  ErrorPolicy errors;
  std::int64_t emit_interval_ms = 1000;
  TimestampPolicy default_timestamps = TimestampPolicy::fail_on_invalid;
  /// Global stores, which every node may read; nullptr: there is none of that name. `reader`: the node.
  std::function<StateStore*(const std::string& name, const std::string& reader)> find_global_store = {};
  std::shared_ptr<StateMemory> state_memory = {};  ///< what the databases share; null: each has all for itself
  /// See StoreBinding::Setup.
  std::function<void(const StoreBuilder&, const std::string&, ByteStore&)> share_store = {};
  std::shared_ptr<ClientMetrics> metrics = std::make_shared<ClientMetrics>();  ///< of the application
};

/// The policy that default.timestamp.extractor names.
[[nodiscard]] TimestampPolicy configured_timestamps(const StreamsConfig& config);

}  // namespace millrace::detail
