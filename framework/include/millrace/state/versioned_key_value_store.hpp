// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "millrace/state/detail/store_interface.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/versioned_put.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// A version of a value, valid in [timestamp, valid_to). Times in ms since the epoch. (Kafka Streams:
/// `VersionedRecord`.)
template <class V>
struct VersionedRecord {
  V value;
  Timestamp timestamp = kNoTimestamp;
  std::optional<Timestamp> valid_to;  ///< exclusive; nullopt: the version is the latest

  bool operator==(const VersionedRecord&) const = default;
};

/// A store that keeps the history of each key. Each version of the last `history retention` can be read by its time.
/// Times are ms since the epoch. (Kafka Streams: `VersionedKeyValueStore`.) Errors: ProcessorStateException for a
/// negative timestamp, SerializationException if a serde fails.
template <class K, class V>
class VersionedKeyValueStore : public StateStore {
 public:
  [[nodiscard]] std::string interface() const override {
    return detail::store_interface<K, V>("VersionedKeyValueStore");
  }

  /// Adds the version that begins at `timestamp`, also between older ones. nullptr: the key has no value from
  /// `timestamp` on. A put that is older than the history retention is rejected; the result says so.
  virtual VersionedPut put(const K& key, const V* value, Timestamp timestamp) = 0;

  /// As put(key, nullptr, timestamp). Returns the version that was valid at `timestamp`. (Java: `delete`.)
  virtual std::optional<VersionedRecord<V>> remove(const K& key, Timestamp timestamp) = 0;

  /// The latest version; nullopt if the key has no value now.
  [[nodiscard]] virtual std::optional<VersionedRecord<V>> get(const K& key) = 0;
  /// The version that was valid at `as_of`. nullopt if there was none, or if `as_of` is before the history retention
  /// and the latest version is younger.
  [[nodiscard]] virtual std::optional<VersionedRecord<V>> get(const K& key, Timestamp as_of) = 0;
};

}  // namespace millrace
