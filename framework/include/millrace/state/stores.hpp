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

/// Where a store keeps its data.
enum class StoreMedium { rocksdb, in_memory };

namespace detail {

// What the builders of Stores have in common whatever the types. Throw TopologyException as they do.
[[nodiscard]] StoreBuilder key_value_builder(std::string name, StoreMedium medium);
void limit_entries(StoreBuilder& builder, std::size_t max_entries);
[[nodiscard]] StoreBuilder window_builder(std::string name, Millis retention, Millis window_size,
                                          bool retain_duplicates, StoreMedium medium);
[[nodiscard]] StoreBuilder session_builder(std::string name, Millis retention, StoreMedium medium);
[[nodiscard]] StoreBuilder versioned_builder(std::string name, Millis history_retention,
                                             std::optional<Millis> segment_interval);

}  // namespace detail

/// Makes stores for processors. The types' own serdes are used unless others are given.
///
///     builder.add_state_store(Stores::key_value_store<std::string, double>("last-close"));
///
/// (Kafka Streams: `Stores` and its `StoreBuilder`s.)
struct Stores {
  template <class K, class V>
  [[nodiscard]] static StoreBuilder key_value_store(std::string name, StoreMedium medium = StoreMedium::rocksdb,
                                                    AnySerde<K> key_serde = detail::own_serde<K>(),
                                                    AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::key_value_builder(std::move(name), medium);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes,
                                              const std::string& topic) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedKeyValueStore<K, V>>(
          std::move(bytes.key_value), detail::StoreCodec<K, V>(topic, key_serde, value_serde));
    };
    return builder;
  }

  /// A store in memory that keeps the `max_entries` last used entries. (Kafka Streams: `lruMap`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder lru_map(std::string name, std::size_t max_entries,
                                            AnySerde<K> key_serde = detail::own_serde<K>(),
                                            AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder =
        key_value_store<K, V>(std::move(name), StoreMedium::in_memory, std::move(key_serde), std::move(value_serde));
    detail::limit_entries(builder, max_entries);
    return builder;
  }

  /// A store of TimestampedKeyValueStore<K, V>: what tables use.
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_key_value_store(std::string name,
                                                                StoreMedium medium = StoreMedium::rocksdb,
                                                                AnySerde<K> key_serde = detail::own_serde<K>(),
                                                                AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = key_value_store<K, ValueAndTimestamp<V>>(
        std::move(name), medium, std::move(key_serde),
        AnySerde<ValueAndTimestamp<V>>(detail::ValueAndTimestampSerde<V>{std::move(value_serde)}));
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
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped_with_headers;
    return builder;
  }

  /// `retention`: how long after stream time passed a window's start it is kept; at least `window_size`.
  /// `retain_duplicates`: several values per key and start.
  template <class K, class V>
  [[nodiscard]] static StoreBuilder window_store(std::string name, Millis retention, Millis window_size,
                                                 bool retain_duplicates = false,
                                                 StoreMedium medium = StoreMedium::rocksdb,
                                                 AnySerde<K> key_serde = detail::own_serde<K>(),
                                                 AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::window_builder(std::move(name), retention, window_size, retain_duplicates, medium);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes,
                                              const std::string& topic) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedWindowStore<K, V>>(
          std::move(bytes.window), detail::StoreCodec<K, V>(topic, key_serde, value_serde));
    };
    return builder;
  }

  /// As window_store, for values with their timestamps: what windowed tables use.
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_window_store(std::string name, Millis retention, Millis window_size,
                                                             StoreMedium medium = StoreMedium::rocksdb,
                                                             AnySerde<K> key_serde = detail::own_serde<K>(),
                                                             AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = window_store<K, ValueAndTimestamp<V>>(
        std::move(name), retention, window_size, false, medium, std::move(key_serde),
        AnySerde<ValueAndTimestamp<V>>(detail::ValueAndTimestampSerde<V>{std::move(value_serde)}));
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped;
    return builder;
  }

  /// As timestamped_window_store, of TimestampedWindowStoreWithHeaders<K, V>. (Kafka Streams:
  /// `timestampedWindowStoreWithHeadersBuilder`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder timestamped_window_store_with_headers(
      std::string name, Millis retention, Millis window_size, StoreMedium medium = StoreMedium::rocksdb,
      AnySerde<K> key_serde = detail::own_serde<K>(), AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = window_store<K, ValueTimestampHeaders<V>>(
        std::move(name), retention, window_size, false, medium, std::move(key_serde),
        AnySerde<ValueTimestampHeaders<V>>(detail::ValueTimestampHeadersSerde<V>{{std::move(value_serde)}}));
    detail::definition_of(builder).spec.format = detail::ValueFormat::timestamped_with_headers;
    return builder;
  }

  /// A store of SessionStore<K, V>. `retention`: how long after stream time passed a session's end it is kept.
  template <class K, class V>
  [[nodiscard]] static StoreBuilder session_store(std::string name, Millis retention,
                                                  StoreMedium medium = StoreMedium::rocksdb,
                                                  AnySerde<K> key_serde = detail::own_serde<K>(),
                                                  AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::session_builder(std::move(name), retention, medium);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes,
                                              const std::string& topic) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedSessionStore<K, V>>(
          std::move(bytes.session), detail::StoreCodec<K, V>(topic, key_serde, value_serde));
    };
    return builder;
  }

  /// As session_store, of SessionStoreWithHeaders<K, AGG>. (Kafka Streams: `sessionStoreWithHeadersBuilder`.)
  template <class K, class AGG>
  [[nodiscard]] static StoreBuilder session_store_with_headers(std::string name, Millis retention,
                                                               StoreMedium medium = StoreMedium::rocksdb,
                                                               AnySerde<K> key_serde = detail::own_serde<K>(),
                                                               AnySerde<AGG> value_serde = detail::own_serde<AGG>()) {
    auto builder = session_store<K, AggregationWithHeaders<AGG>>(
        std::move(name), retention, medium, std::move(key_serde),
        AnySerde<AggregationWithHeaders<AGG>>(detail::AggregationWithHeadersSerde<AGG>{std::move(value_serde)}));
    detail::definition_of(builder).spec.format = detail::ValueFormat::with_headers;
    return builder;
  }

  /// A store of VersionedKeyValueStore<K, V> on RocksDB. `segment_interval`, which tunes Java's layout, is only
  /// checked: ours needs none. (Kafka Streams: `persistentVersionedKeyValueStore`.)
  template <class K, class V>
  [[nodiscard]] static StoreBuilder persistent_versioned_key_value_store(
      std::string name, Millis history_retention, std::optional<Millis> segment_interval = std::nullopt,
      AnySerde<K> key_serde = detail::own_serde<K>(), AnySerde<V> value_serde = detail::own_serde<V>()) {
    auto builder = detail::versioned_builder(std::move(name), history_retention, segment_interval);
    detail::definition_of(builder).wrap = [key_serde = std::move(key_serde), value_serde = std::move(value_serde)](
                                              detail::ByteStore bytes,
                                              const std::string& topic) -> std::unique_ptr<StateStore> {
      return detail::make_as<StateStore, detail::TypedVersionedStore<K, V>>(
          std::move(bytes.versioned), detail::StoreCodec<K, V>(topic, key_serde, value_serde));
    };
    return builder;
  }

  /// A store of your own; `make` makes one for each task.
  [[nodiscard]] static StoreBuilder custom_store(std::string name, CustomStoreFactory make);
};

}  // namespace millrace
