// SPDX-License-Identifier: Apache-2.0
#include "state/metered/store_metrics.hpp"

namespace millrace::detail {
namespace {

/// The name of the tag whose value is the store's name. As in Kafka Streams, it says where the store keeps its data and
/// of which kind the store is.
[[nodiscard]] std::string scope_tag(const StoreSpec& spec, bool persistent) {
  std::string scope = persistent ? "rocksdb" : "in-memory";
  if (spec.kind == StoreKind::window) scope += "-window";
  if (spec.kind == StoreKind::session) scope += "-session";
  if (spec.max_entries > 0) scope += "-lru";
  return scope + "-state-id";
}

[[nodiscard]] MetricTags tags_of(MetricTags task, const StoreSpec& spec, bool persistent) {
  task.emplace(scope_tag(spec, persistent), spec.name);
  return task;
}

}  // namespace

// Everything is at level DEBUG, as in Kafka Streams: two reads of the clock per call cost too much otherwise.
StoreMetrics::StoreMetrics(MetricsRegistry& registry, const MetricTags& task, const StoreSpec& spec, bool persistent)
    : registry_(registry), scope_(registry, "stream-state-metrics", tags_of(task, spec, persistent)) {
  show("put", put);
  show("flush", flush);
  switch (spec.kind) {
    case StoreKind::key_value:
      show("get", get);
      show("delete", remove);
      show("range", range);
      show("all", all);
      show("prefix-scan", prefix_scan);
      break;
    case StoreKind::versioned:
      show("get", get);
      show("delete", remove);
      break;
    // Session and window stores are read with fetch; only a session store has a remove.
    case StoreKind::session: show("remove", remove); [[fallthrough]];
    default: show("fetch", fetch); break;
  }
  scope_.gauge(RecordingLevel::debug, "num-open-iterators",
               "The current number of iterators on the store that have been created, but not yet closed",
               [this] { return static_cast<double>(open_iterators.value()); });
  scope_.average_and_max(RecordingLevel::debug, "iterator-duration",
                         "time between creating an iterator and closing it, in nanoseconds", iterator_duration_ns);
}

void StoreMetrics::show(const std::string& name, StoreOperation& operation) {
  scope_.rate_and_total(RecordingLevel::debug, name, "calls to " + name, operation.calls);
  scope_.average_and_max(RecordingLevel::debug, name + "-latency", "latency of calls to " + name + " in nanoseconds",
                         operation.latency_ns);
}

}  // namespace millrace::detail
