#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "millrace/state/custom_store.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/value_format.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace {

class StoreBuilder;

namespace detail {

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

/// What a StoreBuilder holds. Not inline where it can be: each file with a topology would compile it.
struct StoreDefinition {
  /// Puts the types on top of the byte store. Second argument: the changelog topic's name, which serdes see as the
  /// topic.
  using Wrap = std::function<std::unique_ptr<StateStore>(ByteStore, const std::string&)>;
  /// Makes a store of kind `custom`.
  using Make = CustomStoreFactory;

  StoreDefinition();
  StoreDefinition(const StoreDefinition&);
  StoreDefinition(StoreDefinition&&) noexcept;
  StoreDefinition& operator=(const StoreDefinition&);
  StoreDefinition& operator=(StoreDefinition&&) noexcept;
  ~StoreDefinition();

  StoreSpec spec;
  Wrap wrap;
  Make make;  ///< instead of `wrap`
};

[[nodiscard]] StoreDefinition& definition_of(StoreBuilder& builder);
[[nodiscard]] const StoreDefinition& definition_of(const StoreBuilder& builder);

}  // namespace detail
}  // namespace millrace
