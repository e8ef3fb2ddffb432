#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "millrace/state/bytes_store.hpp"
#include "millrace/state/changelog_writer.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/value_format.hpp"

namespace millrace {

enum class StoreKind { key_value, window, session, versioned, custom };

/// What the engine must know of a store to make, log and restore it.
struct StoreSpec {
  std::string name;
  StoreKind kind = StoreKind::key_value;
  bool persistent = true;       ///< RocksDB, else in memory
  bool default_medium = false;  ///< where the store lives is up to default.dsl.store
  std::size_t max_entries = 0;  ///< of a key-value store in memory: only the last used ones are kept; 0: all
  bool logging = true;          ///< has a changelog topic
  bool caching = false;
  std::map<std::string, std::string> log_config;  ///< topic settings of the changelog, over the defaults
  ValueFormat format = ValueFormat::plain;
  WindowStoreOptions window;  ///< for window stores
  /// Of session stores: how long a session is kept after its end; of versioned ones: the history retention.
  std::int64_t retention_ms = 0;
  /// Join window stores and subscription stores: all.
  LoggedHeaders log_headers = LoggedHeaders::none;
  bool dsl_format = false;  ///< of an operator of the DSL, whose format is up to dsl.store.format
};

/// The byte store that the engine made for a spec (logging and cache included); exactly one is set.
struct ByteStore {
  std::unique_ptr<KeyValueBytesStore> key_value;
  std::unique_ptr<WindowBytesStore> window;
  std::unique_ptr<SessionBytesStore> session;
  std::unique_ptr<VersionedBytesStore> versioned;
};

/// A store in memory with a changelog format of its own, restored from the beginning at each start.
class CustomStore : public StateStore, public RestorableStore {
 public:
  [[nodiscard]] bool persistent() const override { return false; }
};

/// Makes one store per task: the engine provides the byte store, `wrap` puts the types on top.
/// Made by `Stores::...`; immutable once handed to a topology. (Kafka Streams: `StoreBuilder`.)
struct StoreBuilder {
  /// Second argument: the changelog topic's name, which serdes see as the topic.
  using Wrap = std::function<std::unique_ptr<StateStore>(ByteStore, const std::string&)>;
  /// For stores of kind `custom`, which keep their data and write their changelog themselves. The writer is null if
  /// logging is off. Last argument: the changelog topic's name.
  using Make = std::function<std::unique_ptr<CustomStore>(ChangelogWriter*, const std::string&)>;

  // Not inline: each file with a topology would compile them.
  StoreBuilder();
  StoreBuilder(const StoreBuilder&);
  StoreBuilder(StoreBuilder&&) noexcept;
  StoreBuilder& operator=(const StoreBuilder&);
  StoreBuilder& operator=(StoreBuilder&&) noexcept;
  ~StoreBuilder();

  StoreSpec spec;
  Wrap wrap;
  Make make;  ///< instead of `wrap`

  [[nodiscard]] const std::string& name() const { return spec.name; }

  /// Java: `withLoggingDisabled`. After a restart the data of an in-memory store are gone, those of a persistent one
  /// are what RocksDB still has.
  StoreBuilder& with_logging_disabled() {
    spec.logging = false;
    return *this;
  }
  /// Java: `withLoggingEnabled(config)`: topic settings for the changelog.
  StoreBuilder& with_logging_enabled(std::map<std::string, std::string> config) {
    spec.logging = true;
    spec.log_config = std::move(config);
    return *this;
  }
  /// Java: `withCachingEnabled`: updates of a key are held back and collapsed until a commit, or until the cache is
  /// full (statestore.cache.max.bytes). Without effect on versioned stores and on window stores with duplicates.
  StoreBuilder& with_caching_enabled() {
    spec.caching = true;
    return *this;
  }
  StoreBuilder& with_caching_disabled() {
    spec.caching = false;
    return *this;
  }
};

namespace detail {

[[nodiscard]] std::shared_ptr<const StoreBuilder> shared_store(StoreBuilder store);

}  // namespace detail
}  // namespace millrace
