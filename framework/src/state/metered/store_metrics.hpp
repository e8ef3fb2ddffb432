// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "metrics/registry.hpp"
#include "millrace/state/detail/store_spec.hpp"

namespace millrace::detail {

/// How often one method of a store was called, and how long the calls took. Errors count as calls too.
struct StoreOperation {
  Counter calls;
  Observations latency_ns;
};

/// What one store of a task counts and measures. The task's thread writes, any thread reads. Owned by the task's
/// StoreBinding; outlives the metered store. (Kafka Streams: `StateStoreMetrics`.)
class StoreMetrics {
 public:
  /// `task`: the tags of the task. `persistent`: the store is in RocksDB. `registry` must outlive this object.
  StoreMetrics(MetricsRegistry& registry, const MetricTags& task, const StoreSpec& spec, bool persistent);

  [[nodiscard]] const Clock& clock() const { return registry_.clock(); }

  // All operations exist for every store. The constructor shows only those that the kind of store has.
  StoreOperation put;
  StoreOperation get;
  StoreOperation fetch;
  StoreOperation remove;  ///< `delete` of a key-value store, `remove` of a session store
  StoreOperation range;   ///< a range with at least one bound
  StoreOperation all;     ///< a range without bounds
  StoreOperation prefix_scan;
  StoreOperation flush;
  Level open_iterators;               ///< created and not yet destroyed
  Observations iterator_duration_ns;  ///< from creation to destruction

 private:
  // Registers the metrics of one operation under Kafka Streams' names.
  void show(const std::string& name, StoreOperation& operation);

  MetricsRegistry& registry_;
  // After the counters: the scope's metrics read them, so the scope must be destroyed first.
  MetricScope scope_;
};

}  // namespace millrace::detail
