#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/typed_stores.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace {

/// Where a store keeps its data.
enum class StoreMedium { rocksdb, in_memory };

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
    StoreBuilder builder;
    builder.spec.name = std::move(name);
    builder.spec.persistent = medium == StoreMedium::rocksdb;
    builder.wrap = [key_serde, value_serde](ByteStore bytes, const std::string& topic) -> std::unique_ptr<StateStore> {
      return std::make_unique<detail::TypedKeyValueStore<K, V>>(
          std::move(bytes.key_value), detail::StoreCodec<K, V>(topic, key_serde, value_serde));
    };
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
    builder.spec.format = ValueFormat::timestamped;
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
    if (window_size < Millis(0) || retention < window_size) {
      throw TopologyException("window store '" + name + "': retention (" + std::to_string(retention.count()) +
                              " ms) must be at least the window size (" + std::to_string(window_size.count()) + " ms)");
    }
    StoreBuilder builder;
    builder.spec.name = std::move(name);
    builder.spec.kind = StoreKind::window;
    builder.spec.persistent = medium == StoreMedium::rocksdb;
    builder.spec.window = {retention.count(), window_size.count(), retain_duplicates};
    builder.wrap = [key_serde, value_serde](ByteStore bytes, const std::string& topic) -> std::unique_ptr<StateStore> {
      return std::make_unique<detail::TypedWindowStore<K, V>>(std::move(bytes.window),
                                                              detail::StoreCodec<K, V>(topic, key_serde, value_serde));
    };
    return builder;
  }
};

}  // namespace millrace
