// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/stores.hpp"

#include "millrace/common/errors.hpp"

namespace millrace::detail {

// These functions do not depend on the store's types, so they are compiled once, here, and not in every user file.
StoreBuilder key_value_builder(std::string name, StoreMedium medium) {
  StoreBuilder builder;
  StoreSpec& spec = definition_of(builder).spec;
  spec.name = std::move(name);
  spec.persistent = medium == StoreMedium::rocksdb;
  return builder;
}

// The store then evicts, so it must log the evictions: see EvictingStore.
void limit_entries(StoreBuilder& builder, std::size_t max_entries) {
  if (max_entries == 0) {
    throw TopologyException("LRU map '" + builder.name() + "': it must keep at least one entry");
  }
  definition_of(builder).spec.max_entries = max_entries;
}

StoreBuilder window_builder(std::string name, Millis retention, Millis window_size, bool retain_duplicates,
                            StoreMedium medium) {
  // A window must be readable at least until it ends.
  if (window_size < Millis(0) || retention < window_size) {
    throw TopologyException("window store '" + name + "': retention (" + std::to_string(retention.count()) +
                            " ms) must be at least the window size (" + std::to_string(window_size.count()) + " ms)");
  }
  auto builder = key_value_builder(std::move(name), medium);
  StoreSpec& spec = definition_of(builder).spec;
  spec.kind = StoreKind::window;
  spec.window = {retention.count(), window_size.count(), retain_duplicates};
  return builder;
}

StoreBuilder session_builder(std::string name, Millis retention, StoreMedium medium) {
  if (retention < Millis(0)) {
    throw TopologyException("session store '" + name + "': retention (" + std::to_string(retention.count()) +
                            " ms) cannot be negative");
  }
  auto builder = key_value_builder(std::move(name), medium);
  StoreSpec& spec = definition_of(builder).spec;
  spec.kind = StoreKind::session;
  spec.retention_ms = retention.count();
  return builder;
}

StoreBuilder versioned_builder(std::string name, Millis history_retention, std::optional<Millis> segment_interval) {
  if (history_retention < Millis(0)) {
    throw TopologyException("versioned store '" + name + "': the history retention (" +
                            std::to_string(history_retention.count()) + " ms) cannot be negative");
  }
  if (segment_interval && *segment_interval < Millis(1)) {
    throw TopologyException("versioned store '" + name + "': the segment interval (" +
                            std::to_string(segment_interval->count()) + " ms) must be positive");
  }
  // Kafka Streams has no versioned store in memory.
  auto builder = key_value_builder(std::move(name), StoreMedium::rocksdb);
  StoreSpec& spec = definition_of(builder).spec;
  spec.kind = StoreKind::versioned;
  spec.retention_ms = history_retention.count();
  // The segment interval has no effect: the versioned store has no segments (see versioned_store.hpp).
  return builder;
}

}  // namespace millrace::detail

namespace millrace {

// A custom store keeps its data in memory, so no RocksDB column family is needed.
StoreBuilder Stores::custom_store(std::string name, CustomStoreFactory make) {
  StoreBuilder builder;
  detail::StoreDefinition& definition = detail::definition_of(builder);
  definition.spec.name = std::move(name);
  definition.spec.kind = detail::StoreKind::custom;
  definition.spec.persistent = false;
  definition.make = [make = std::move(make)](StoreChangelog* log, const std::string& topic, bool /*headers_format*/,
                                             detail::ConfiguredSerdes& /*serdes*/) { return make(log, topic); };
  return builder;
}

}  // namespace millrace
