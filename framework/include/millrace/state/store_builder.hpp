#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "millrace/state/detail/store_spec.hpp"

namespace millrace {

/// How to make a store: each task gets one of its own. Made by the functions of `Stores`, changed by the methods below,
/// then handed to a topology. (Kafka Streams: `StoreBuilder`.)
class StoreBuilder {
 public:
  [[nodiscard]] const std::string& name() const { return definition_.spec.name; }

  /// Java: `withLoggingDisabled`. After a restart the data of an in-memory store are gone, those of a persistent one
  /// are what RocksDB still has.
  StoreBuilder& with_logging_disabled() {
    definition_.spec.logging = false;
    return *this;
  }
  /// Java: `withLoggingEnabled(config)`: topic settings for the changelog.
  StoreBuilder& with_logging_enabled(std::map<std::string, std::string> config) {
    definition_.spec.logging = true;
    definition_.spec.log_config = std::move(config);
    return *this;
  }
  /// Java: `withCachingEnabled`: updates of a key are held back and collapsed until a commit, or until the cache is
  /// full (statestore.cache.max.bytes). Without effect on versioned stores and on window stores with duplicates.
  StoreBuilder& with_caching_enabled() {
    definition_.spec.caching = true;
    return *this;
  }
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
