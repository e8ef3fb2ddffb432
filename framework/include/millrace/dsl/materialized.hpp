#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/time.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/named.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {

/// What a Materialized says besides serdes.
struct MaterializedOptions {
  std::string store_name;
  std::optional<StoreMedium> medium;  ///< unset: default.dsl.store, of derived tables RocksDB
  bool logging = true;
  std::map<std::string, std::string> log_config;
  bool caching = true;
  std::optional<Millis> retention;          ///< of windows and sessions; unset: as long as they can change
  std::optional<Millis> history_retention;  ///< set: the store is versioned and keeps this much history
  std::optional<Millis> segment_interval;   ///< of a versioned store; unset: Kafka Streams' choice
  bool given = true;                        ///< false: the caller gave no Materialized at all
};

/// How a table's store is named, kept and logged. (Kafka Streams: `Materialized`.)
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde>
class BasicMaterialized {
 public:
  struct Settings : MaterializedOptions {
    KeySerde key_serde;
    ValueSerde value_serde;
  };

  BasicMaterialized() = default;
  explicit BasicMaterialized(Settings settings) : settings_(std::move(settings)) {}

  /// `name` is the store's, its changelog topic's, and the one for queries.
  /// Throws TopologyException for a name that could not be part of a topic's; so do as_versioned and with_store_name.
  [[nodiscard]] static BasicMaterialized<> as(std::string name) {
    return BasicMaterialized<>().with_store_name(std::move(name));
  }
  /// Where the store is kept, in place of default.dsl.store.
  [[nodiscard]] static BasicMaterialized<> as(StoreMedium medium) {
    return BasicMaterialized<>().with_store_type(medium);
  }
  /// The serdes of the table's keys and values.
  template <class KS, class VS>
  [[nodiscard]] static BasicMaterialized<KS, VS> with(KS key_serde, VS value_serde) {
    typename BasicMaterialized<KS, VS>::Settings settings;
    settings.key_serde = std::move(key_serde);
    settings.value_serde = std::move(value_serde);
    return BasicMaterialized<KS, VS>(std::move(settings));
  }
  /// A versioned store on RocksDB that can tell a key's value as of any time within `history_retention` of the latest.
  /// (Java: `Materialized.as(Stores.persistentVersionedKeyValueStore(name, historyRetention, segmentInterval))`.)
  [[nodiscard]] static BasicMaterialized<> as_versioned(std::string name, Millis history_retention,
                                                        std::optional<Millis> segment_interval = std::nullopt) {
    detail::require_legal_name(name, "the store name of Materialized");
    if (history_retention < Millis(0)) {
      throw TopologyException("versioned store '" + name + "': the history retention must not be negative, but is " +
                              std::to_string(history_retention.count()) + " ms");
    }
    if (segment_interval && *segment_interval < Millis(1)) {
      throw TopologyException("versioned store '" + name + "': the segment interval must be at least 1 ms, not " +
                              std::to_string(segment_interval->count()) + " ms");
    }
    BasicMaterialized<> result;
    result.settings_.store_name = std::move(name);
    result.settings_.history_retention = history_retention;
    result.settings_.segment_interval = segment_interval;
    result.settings_.medium = StoreMedium::rocksdb;
    return result;
  }
  /// What an operator sees when the user gave nothing.
  [[nodiscard]] static BasicMaterialized<> none() {
    BasicMaterialized<> result;
    result.settings_.given = false;
    return result;
  }

  /// As `as(name)`, keeping what else this Materialized says.
  [[nodiscard]] BasicMaterialized with_store_name(std::string name) const {
    detail::require_legal_name(name, "the store name of Materialized");
    auto copy = *this;
    copy.settings_.store_name = std::move(name);
    return copy;
  }
  /// A serde for the keys: a Serde<K>, or an object with its functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return make(std::move(serde), settings_.value_serde);
  }
  /// A serde for the values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return make(settings_.key_serde, std::move(serde));
  }
  /// Where the store is kept; unset: as default.dsl.store says (that of a table made from a table: in RocksDB). Throws
  /// TopologyException for a versioned store in memory.
  [[nodiscard]] BasicMaterialized with_store_type(StoreMedium medium) const {
    if (settings_.history_retention && medium == StoreMedium::in_memory) {
      throw TopologyException("versioned store '" + settings_.store_name + "' cannot live in memory, only on RocksDB");
    }
    auto copy = *this;
    copy.settings_.medium = medium;
    return copy;
  }
  /// No changelog: after a restart or a move to another instance the store is empty.
  [[nodiscard]] BasicMaterialized with_logging_disabled() const {
    auto copy = *this;
    copy.settings_.logging = false;
    return copy;
  }
  /// Settings of the changelog topic, by the broker's names for them.
  [[nodiscard]] BasicMaterialized with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.settings_.logging = true;
    copy.settings_.log_config = std::move(topic_config);
    return copy;
  }
  /// Whether updates are held back until the next commit, so that only the last one of each key goes on
  /// (statestore.cache.max.bytes). On by default.
  [[nodiscard]] BasicMaterialized with_caching_enabled() const {
    auto copy = *this;
    copy.settings_.caching = true;
    return copy;
  }
  [[nodiscard]] BasicMaterialized with_caching_disabled() const {
    auto copy = *this;
    copy.settings_.caching = false;
    return copy;
  }
  /// How long windows and sessions are kept; only for windowed tables.
  [[nodiscard]] BasicMaterialized with_retention(Millis retention) const {
    if (retention < Millis(0)) {
      throw TopologyException("Materialized: the retention must not be negative, but is " +
                              std::to_string(retention.count()) + " ms");
    }
    auto copy = *this;
    copy.settings_.retention = retention;
    return copy;
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  template <class, class>
  friend class BasicMaterialized;

  template <class KS, class VS>
  [[nodiscard]] BasicMaterialized<KS, VS> make(KS key_serde, VS value_serde) const {
    typename BasicMaterialized<KS, VS>::Settings settings;
    static_cast<MaterializedOptions&>(settings) = settings_;
    settings.given = true;
    settings.key_serde = std::move(key_serde);
    settings.value_serde = std::move(value_serde);
    return BasicMaterialized<KS, VS>(std::move(settings));
  }

  Settings settings_;
};

using Materialized = BasicMaterialized<>;

}  // namespace millrace
