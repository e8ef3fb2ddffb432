// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/detail/store_spec.hpp"
#include "state/metered/store_metrics.hpp"

namespace millrace::detail {

/// Implemented by every metered store. Gives access to the store behind it, for layers that need a certain class, such
/// as the record cache.
class MeteredStore {
 public:
  virtual ~MeteredStore() = default;
  [[nodiscard]] virtual StateStore& measured() = 0;
};

/// Puts a layer in front of a store that counts and times each call. The store may have caches and a changelog; these
/// are measured too. (Kafka Streams: `MeteredKeyValueStore`, `MeteredWindowStore`...)
///
/// Each call reads the clock twice. So use this only for metrics.recording.level=DEBUG, the level at which Kafka
/// Streams measures stores. `metrics` must outlive the store. Runs on the thread of the task.
[[nodiscard]] ByteStore measure(ByteStore store, StoreMetrics& metrics);

}  // namespace millrace::detail
