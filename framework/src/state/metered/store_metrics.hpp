#pragma once

#include <string>

#include "metrics/registry.hpp"
#include "millrace/state/detail/store_spec.hpp"

namespace millrace::detail {

/// How often one method of a store was called, and how long that took.
struct StoreOperation {
  Counter calls;
  Observations latency_ns;
};

/// What one store of a task counts and measures. The task's thread writes, any thread reads. (Kafka Streams:
/// `StateStoreMetrics`.)
class StoreMetrics {
 public:
  /// `task`: the tags of the task. `persistent`: the store is in RocksDB. `registry` must outlive it.
  StoreMetrics(MetricsRegistry& registry, const MetricTags& task, const StoreSpec& spec, bool persistent);

  [[nodiscard]] const Clock& clock() const { return registry_.clock(); }

  StoreOperation put;
  StoreOperation get;
  StoreOperation fetch;
  StoreOperation remove;  ///< `delete` of a key-value store, `remove` of a session store
  StoreOperation range;
  StoreOperation all;
  StoreOperation prefix_scan;
  StoreOperation flush;
  Level open_iterators;
  Observations iterator_duration_ns;

 private:
  void show(const std::string& name, StoreOperation& operation);

  MetricsRegistry& registry_;
  MetricScope scope_;
};

}  // namespace millrace::detail
