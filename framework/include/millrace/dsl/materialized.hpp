// SPDX-License-Identifier: Apache-2.0
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

/// The settings of a Materialized, except its serdes.
struct MaterializedOptions {
  std::string store_name;             ///< empty: a generated name, and the store cannot be queried
  std::optional<StoreMedium> medium;  ///< unset: default.dsl.store; for a table made from a table: RocksDB
  bool logging = true;
  std::map<std::string, std::string> log_config;  ///< topic settings of the changelog
  bool caching = true;
  std::optional<Millis> retention;          ///< for windows and sessions; unset: as long as they can still change
  std::optional<Millis> history_retention;  ///< set: the store is versioned and keeps this much history
  std::optional<Millis> segment_interval;   ///< for versioned stores; no effect
  bool given = true;                        ///< false: the user gave no Materialized at all
};

/// How the store of a table is named, kept and logged. (Kafka Streams: `Materialized`.) An immutable value: each method
/// returns a changed copy.
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde>
class BasicMaterialized {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings : MaterializedOptions {
    KeySerde key_serde;
    ValueSerde value_serde;
  };

  BasicMaterialized() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicMaterialized(Settings settings) : settings_(std::move(settings)) {}

  /// Sets the name of the store. The changelog topic is named after it, and queries use it. Throws TopologyException if
  /// the name cannot be part of a topic name. as_versioned() and with_store_name() do the same.
  [[nodiscard]] static BasicMaterialized<> as(std::string name) {
    return BasicMaterialized<>().with_store_name(std::move(name));
  }
  /// Sets where the store is kept. Overrides default.dsl.store.
  [[nodiscard]] static BasicMaterialized<> as(StoreMedium medium) {
    return BasicMaterialized<>().with_store_type(medium);
  }
  /// Sets the serdes of the table's keys and values.
  template <class KS, class VS>
  [[nodiscard]] static BasicMaterialized<KS, VS> with(KS key_serde, VS value_serde) {
    // Serdes need no default constructor.
    return BasicMaterialized<KS, VS>({{}, std::move(key_serde), std::move(value_serde)});
  }
  /// A versioned store on RocksDB. It can return a key's value at any time within `history_retention` of the latest
  /// timestamp. `segment_interval` is checked but has no effect. Throws TopologyException for a negative retention.
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
  /// Stands for "the user gave no Materialized". Differs from an empty one: the table then need not have a store.
  [[nodiscard]] static BasicMaterialized<> none() {
    BasicMaterialized<> result;
    result.settings_.given = false;
    return result;
  }

  /// As `as(name)`, but keeps the other settings.
  [[nodiscard]] BasicMaterialized with_store_name(std::string name) const {
    detail::require_legal_name(name, "the store name of Materialized");
    auto copy = *this;
    copy.settings_.store_name = std::move(name);
    return copy;
  }
  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return make(std::move(serde), settings_.value_serde);
  }
  /// Sets the serde of the values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return make(settings_.key_serde, std::move(serde));
  }
  /// Sets where the store is kept. Without it, default.dsl.store decides, and a table made from a table uses RocksDB.
  /// Throws TopologyException for a versioned store in memory.
  [[nodiscard]] BasicMaterialized with_store_type(StoreMedium medium) const {
    if (settings_.history_retention && medium == StoreMedium::in_memory) {
      throw TopologyException("versioned store '" + settings_.store_name + "' cannot live in memory, only on RocksDB");
    }
    auto copy = *this;
    copy.settings_.medium = medium;
    return copy;
  }
  /// The store gets no changelog. Its data are lost after a move to another instance; an in-memory store also loses
  /// them at a restart. Exception: the store of StreamsBuilder::table() is restored from the topic of the table.
  [[nodiscard]] BasicMaterialized with_logging_disabled() const {
    auto copy = *this;
    copy.settings_.logging = false;
    return copy;
  }
  /// Sets topic settings of the changelog, under the broker's names, such as "segment.bytes".
  [[nodiscard]] BasicMaterialized with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.settings_.logging = true;
    copy.settings_.log_config = std::move(topic_config);
    return copy;
  }
  /// Turns the cache on, which is the default. Updates are held back until the commit, or until
  /// statestore.cache.max.bytes is used up. Only the last update of each key is passed on.
  [[nodiscard]] BasicMaterialized with_caching_enabled() const {
    auto copy = *this;
    copy.settings_.caching = true;
    return copy;
  }
  /// Turns the cache off: every update is passed on at once.
  [[nodiscard]] BasicMaterialized with_caching_disabled() const {
    auto copy = *this;
    copy.settings_.caching = false;
    return copy;
  }
  /// How long windows and sessions are kept, in stream time. Only for windowed tables. Throws TopologyException if
  /// negative.
  [[nodiscard]] BasicMaterialized with_retention(Millis retention) const {
    if (retention < Millis(0)) {
      throw TopologyException("Materialized: the retention must not be negative, but is " +
                              std::to_string(retention.count()) + " ms");
    }
    auto copy = *this;
    copy.settings_.retention = retention;
    return copy;
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  template <class, class>
  friend class BasicMaterialized;

  // A copy with other serdes. Their types are part of the class, so the copy has another type.
  template <class KS, class VS>
  [[nodiscard]] BasicMaterialized<KS, VS> make(KS key_serde, VS value_serde) const {
    MaterializedOptions options = settings_;
    options.given = true;
    return BasicMaterialized<KS, VS>({std::move(options), std::move(key_serde), std::move(value_serde)});
  }

  Settings settings_;
};

/// The start of a Materialized value, with no setting yet: the calls of BasicMaterialized add them.
using Materialized = BasicMaterialized<>;

}  // namespace millrace
