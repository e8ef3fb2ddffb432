// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "millrace/state/custom_store.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/stored_type.hpp"
#include "millrace/state/detail/value_format.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace {

class StoreBuilder;

namespace detail {

class ConfiguredSerdes;

/// `custom`: made by the user's factory; the engine only restores it.
enum class StoreKind { key_value, window, session, versioned, custom };

/// The properties of a store that the engine needs in order to make it, to log its changes and to restore it. A plain
/// value.
struct StoreSpec {
  std::string name;
  StoreKind kind = StoreKind::key_value;
  bool persistent = true;       ///< true: RocksDB; false: in memory
  bool default_medium = false;  ///< the configuration default.dsl.store decides, not `persistent`
  std::size_t max_entries = 0;  ///< in-memory key-value stores: keep the most recently used entries only; 0: keep all
  bool logging = true;          ///< has a changelog topic
  bool caching = false;         ///< a record cache in front of the store
  std::map<std::string, std::string> log_config;  ///< topic settings of the changelog; they override the defaults
  ValueFormat format = ValueFormat::plain;
  WindowStoreOptions window;  ///< window stores only
  /// Session stores: how long a session is kept after its end. Versioned stores: the history retention. In ms.
  std::int64_t retention_ms = 0;
  /// Stores of window joins and of foreign-key subscriptions use `all`.
  LoggedHeaders log_headers = LoggedHeaders::none;
  StoredType key_type;
  StoredType value_type;    ///< of the value alone, without the timestamp and headers that the store adds
  bool dsl_format = false;  ///< the store of a DSL operator: the configuration dsl.store.format decides about headers
};

/// The byte store that the engine has made for a spec, or a layer in front of it (change logging, a cache, metrics).
/// Exactly one member is set; none for custom stores. Shared, because a store outlives the layers that one task puts in
/// front of it.
struct ByteStore {
  std::shared_ptr<KeyValueBytesStore> key_value;
  std::shared_ptr<WindowBytesStore> window;
  std::shared_ptr<SessionBytesStore> session;
  std::shared_ptr<VersionedBytesStore> versioned;
};

/// The content of a StoreBuilder. The special members are not inline: otherwise every file that includes a topology
/// header would compile them.
struct StoreDefinition {
  /// Puts a typed store on top of the byte store. Second argument: the name of the changelog topic. Serdes get it as
  /// their topic. Last argument: the serdes of the application.
  using Wrap = std::function<std::unique_ptr<StateStore>(ByteStore, const std::string&, ConfiguredSerdes&)>;
  /// Makes a store of kind `custom`. As CustomStoreFactory, with two more arguments: whether dsl.store.format is
  /// HEADERS, and the serdes of the application.
  using Make =
      std::function<std::unique_ptr<CustomStore>(StoreChangelog*, const std::string&, bool, ConfiguredSerdes&)>;

  StoreDefinition();
  StoreDefinition(const StoreDefinition&);
  StoreDefinition(StoreDefinition&&) noexcept;
  StoreDefinition& operator=(const StoreDefinition&);
  StoreDefinition& operator=(StoreDefinition&&) noexcept;
  ~StoreDefinition();

  StoreSpec spec;
  Wrap wrap;
  Make make;  ///< for kind `custom`, instead of `wrap`
};

/// Access to the content of a builder, for the engine only.
[[nodiscard]] StoreDefinition& definition_of(StoreBuilder& builder);
[[nodiscard]] const StoreDefinition& definition_of(const StoreBuilder& builder);

}  // namespace detail
}  // namespace millrace
