#pragma once

#include "millrace/state/detail/store_spec.hpp"
#include "state/metered/store_metrics.hpp"

namespace millrace::detail {

/// A store that measures what goes to another one.
class MeteredStore {
 public:
  virtual ~MeteredStore() = default;
  [[nodiscard]] virtual StateStore& measured() = 0;
};

/// Puts in front of a store, caches and changelog included, what counts and times each call. It costs two looks at the
/// clock per call, so that it is for metrics.recording.level=DEBUG, where Kafka Streams measures stores, too.
/// `metrics` must outlive the store. (Kafka Streams: `MeteredKeyValueStore`, `MeteredWindowStore`...)
[[nodiscard]] ByteStore measure(ByteStore store, StoreMetrics& metrics);

}  // namespace millrace::detail
