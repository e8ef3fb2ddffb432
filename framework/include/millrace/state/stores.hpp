// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/detail/make.hpp"
#include "millrace/common/time.hpp"
#include "millrace/state/detail/typed_session_store.hpp"
#include "millrace/state/detail/typed_stores.hpp"
#include "millrace/state/detail/typed_versioned_store.hpp"
#include "millrace/state/detail/values_with_headers.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace {

/// Where a store keeps its data: on RocksDB (survives a restart), or in memory (restored from the changelog).
enum class StoreMedium { rocksdb, in_memory };

namespace detail {

// The parts of Stores' functions that do not depend on the types. They throw TopologyException for wrong arguments.
[[nodiscard]] StoreBuilder key_value_builder(std::string name, StoreMedium medium);
void limit_entries(StoreBuilder& builder, std::size_t max_entries);
[[nodiscard]] StoreBuilder window_builder(std::string name, Millis retention, Millis window_size,
                                          bool retain_duplicates, StoreMedium medium);
[[nodiscard]] StoreBuilder session_builder(std::string name, Millis retention, StoreMedium medium);
[[nodiscard]] StoreBuilder versioned_builder(std::string name, Millis history_retention,
                                             std::optional<Millis> segment_interval);

/// Sets the key type and the value type in the StoreSpec of `builder`. A later call replaces the types.
template <class K, class V>
void keep_types(StoreBuilder& builder) {
  definition_of(builder).spec.key_type = stored_type<K>();
  definition_of(builder).spec.value_type = stored_type<V>();
}

}  // namespace detail

/// Makes stores for processors. Each function returns a builder; each task later gets its own store. Without arguments
/// for serdes, the types' own serdes are used. Build phase only.
///
///     builder.add_state_store(Stores::key_value_store<std::string, double>("last-close"));
///
/// Errors: TopologyException naming the store, if an argument is out of range. (Kafka Streams: `Stores` and its
/// `StoreBuilder`s.)
struct Stores {
  /// A store of KeyValueStore<K, V>. (Kafka Streams: `keyValueStoreBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder key_value_store(std::string name, StoreMedium medium = StoreMedium::rocksdb,
                                                    AnySerde<K> key_serde = detail::own_serde<K>(),
                                                    AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::key_value_builder(std::move(name), medium);
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes, const std::string& topic,
                                              detail::ConfiguredSerdes& serdes) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedKeyValueStore<K, V>>(
          std::move(bytes.key_value),
          detail::StoreCodec<K, V>(topic, serdes.key(key_serde), serdes.value(value_serde)));
    };
    return builder;
  }

  /// An in-memory KeyValueStore<K, V> that keeps only the `max_entries` most recently used entries. At least 1. Evicted
  /// entries are deleted from the changelog too. (Kafka Streams: `lruMap`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder lru_map(std::string name, std::size_t max_entries,
                                            AnySerde<K> key_serde = detail::own_serde<K>(),
                                            AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder =
        key_value_store<K, V>(std::move(name), StoreMedium::in_memory, std::move(key_serde), std::move(value_serde));
    detail::limit_entries(builder, max_entries);
    return builder;
  }

  /// A store of TimestampedKeyValueStore<K, V>, the kind that tables use. (Kafka Streams:
  /// `timestampedKeyValueStoreBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_key_value_store(std::string name,
                                                                StoreMedium medium = StoreMedium::rocksdb,
                                                                AnySerde<K> key_serde = detail::own_serde<K>(),
                                                                AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = key_value_store<K, ValueAndTimestamp<V>>(
        std::move(name), medium, std::move(key_serde),
        AnySerde<ValueAndTimestamp<V>>(detail::ValueAndTimestampSerde<V>{std::move(value_serde)}));
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped;
    return builder;
  }

  /// A store of TimestampedKeyValueStoreWithHeaders<K, V>. (Kafka Streams:
  /// `timestampedKeyValueStoreWithHeadersBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_key_value_store_with_headers(
      std::string name, StoreMedium medium = StoreMedium::rocksdb, AnySerde<K> key_serde = detail::own_serde<K>(),
      AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = key_value_store<K, ValueTimestampHeaders<V>>(
        std::move(name), medium, std::move(key_serde),
        AnySerde<ValueTimestampHeaders<V>>(detail::ValueTimestampHeadersSerde<V>{{std::move(value_serde)}}));
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped_with_headers;
    return builder;
  }

  /// A store of WindowStore<K, V>. (Kafka Streams: `windowStoreBuilder`.)
  /// retention          How far stream time may pass a window's start before the window is dropped. At least
  ///                    `window_size`.
  /// window_size        Not negative. Gives windows their end.
  /// retain_duplicates  True: a key may have several values with the same window start.
  template <class K, class V>
  [[nodiscard]] static StoreBuilder window_store(std::string name, Millis retention, Millis window_size,
                                                 bool retain_duplicates = false,
                                                 StoreMedium medium = StoreMedium::rocksdb,
                                                 AnySerde<K> key_serde = detail::own_serde<K>(),
                                                 AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::window_builder(std::move(name), retention, window_size, retain_duplicates, medium);
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes, const std::string& topic,
                                              detail::ConfiguredSerdes& serdes) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedWindowStore<K, V>>(
          std::move(bytes.window), detail::StoreCodec<K, V>(topic, serdes.key(key_serde), serdes.value(value_serde)));
    };
    return builder;
  }

  /// A store of TimestampedWindowStore<K, V>, the kind that windowed tables use. Arguments as for window_store().
  /// (Kafka Streams: `timestampedWindowStoreBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_window_store(std::string name, Millis retention, Millis window_size,
                                                             StoreMedium medium = StoreMedium::rocksdb,
                                                             AnySerde<K> key_serde = detail::own_serde<K>(),
                                                             AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = window_store<K, ValueAndTimestamp<V>>(
        std::move(name), retention, window_size, false, medium, std::move(key_serde),
        AnySerde<ValueAndTimestamp<V>>(detail::ValueAndTimestampSerde<V>{std::move(value_serde)}));
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped;
    return builder;
  }

  /// A store of TimestampedWindowStoreWithHeaders<K, V>. Arguments as for window_store(). (Kafka Streams:
  /// `timestampedWindowStoreWithHeadersBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_window_store_with_headers(
      std::string name, Millis retention, Millis window_size, StoreMedium medium = StoreMedium::rocksdb,
      AnySerde<K> key_serde = detail::own_serde<K>(), AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = window_store<K, ValueTimestampHeaders<V>>(
        std::move(name), retention, window_size, false, medium, std::move(key_serde),
        AnySerde<ValueTimestampHeaders<V>>(detail::ValueTimestampHeadersSerde<V>{{std::move(value_serde)}}));
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped_with_headers;
    return builder;
  }

  /// A store of SessionStore<K, V>. `retention`: how far stream time may pass a session's end before the session is
  /// dropped. Not negative. (Kafka Streams: `sessionStoreBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder session_store(std::string name, Millis retention,
                                                  StoreMedium medium = StoreMedium::rocksdb,
                                                  AnySerde<K> key_serde = detail::own_serde<K>(),
                                                  AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::session_builder(std::move(name), retention, medium);
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes, const std::string& topic,
                                              detail::ConfiguredSerdes& serdes) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedSessionStore<K, V>>(
          std::move(bytes.session), detail::StoreCodec<K, V>(topic, serdes.key(key_serde), serdes.value(value_serde)));
    };
    return builder;
  }

  /// A store of SessionStoreWithHeaders<K, AGG>. Arguments as for session_store(). (Kafka Streams:
  /// `sessionStoreWithHeadersBuilder`.)
  template <class K, class AGG>
  [[nodiscard]] static StoreBuilder session_store_with_headers(std::string name, Millis retention,
                                                               StoreMedium medium = StoreMedium::rocksdb,
                                                               AnySerde<K> key_serde = detail::own_serde<K>(),
                                                               AnySerde<AGG> value_serde = detail::own_serde<AGG>()) {
    auto builder = session_store<K, AggregationWithHeaders<AGG>>(
        std::move(name), retention, medium, std::move(key_serde),
        AnySerde<AggregationWithHeaders<AGG>>(detail::AggregationWithHeadersSerde<AGG>{std::move(value_serde)}));
    detail::keep_types<K, AGG>(builder);
    detail::definition_of(builder).spec.format = detail::ValueFormat::with_headers;
    return builder;
  }

  /// A store of VersionedKeyValueStore<K, V> on RocksDB. `history_retention`: how far back versions can be read; not
  /// negative. `segment_interval` is checked (at least 1 ms) but has no effect: it tunes Java's layout, and this store
  /// has no segments. (Kafka Streams: `persistentVersionedKeyValueStore`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder persistent_versioned_key_value_store(
      std::string name, Millis history_retention, std::optional<Millis> segment_interval = std::nullopt,
      AnySerde<K> key_serde = detail::own_serde<K>(), AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::versioned_builder(std::move(name), history_retention, segment_interval);
    detail::keep_types<K, V>(builder);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes, const std::string& topic,
                                              detail::ConfiguredSerdes& serdes) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedVersionedStore<K, V>>(
          std::move(bytes.versioned),
          detail::StoreCodec<K, V>(topic, serdes.key(key_serde), serdes.value(value_serde)));
    };
    return builder;
  }

  /// A store that you implement yourself, see CustomStore. `make` is called once for each task, in the task's thread.
  [[nodiscard]] static StoreBuilder custom_store(std::string name, CustomStoreFactory make);
};

}  // namespace millrace
