// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "millrace/state/detail/store_spec.hpp"

namespace millrace {

/// Describes a store, so that each task can make its own. Get one from a function of `Stores`, change it with the
/// methods below, then give it to a topology. A plain value; build phase only. (Kafka Streams: `StoreBuilder`.)
class StoreBuilder {
 public:
  [[nodiscard]] const std::string& name() const { return definition_.spec.name; }

  /// The store gets no changelog topic. After a restart an in-memory store is empty, and a persistent store has what
  /// RocksDB still has. A task that moves to another process starts with an empty store. (Java: `withLoggingDisabled`.)
  StoreBuilder& with_logging_disabled() {
    definition_.spec.logging = false;
    return *this;
  }
  /// The store gets a changelog topic, which is the default. `config`: topic settings, for example {"segment.bytes",
  /// "..."}; they override the defaults. (Java: `withLoggingEnabled(config)`.)
  StoreBuilder& with_logging_enabled(std::map<std::string, std::string> config) {
    definition_.spec.logging = true;
    definition_.spec.log_config = std::move(config);
    return *this;
  }
  /// Puts a cache in front of the store. Updates of a key are held back and collapsed into one, until the commit or
  /// until the cache is full (statestore.cache.max.bytes). No effect on versioned stores and on window stores with
  /// duplicates. (Java: `withCachingEnabled`.)
  StoreBuilder& with_caching_enabled() {
    definition_.spec.caching = true;
    return *this;
  }
  /// No cache, which is the default.
  StoreBuilder& with_caching_disabled() {
    definition_.spec.caching = false;
    return *this;
  }

 private:
  friend detail::StoreDefinition& detail::definition_of(StoreBuilder& builder);
  friend const detail::StoreDefinition& detail::definition_of(const StoreBuilder& builder);

  detail::StoreDefinition definition_;
};

namespace detail {

[[nodiscard]] std::shared_ptr<const StoreBuilder> shared_store(StoreBuilder store);

}  // namespace detail
}  // namespace millrace
