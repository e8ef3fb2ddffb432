#pragma once

#include <optional>

#include "millrace/state/state_store.hpp"
#include "millrace/state/versioned_put.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// A version of a value: valid from `timestamp` until `valid_to` (exclusive; nullopt: it is the latest).
/// (Kafka Streams: `VersionedRecord`.)
template <class V>
struct VersionedRecord {
  V value;
  Timestamp timestamp = kNoTimestamp;
  std::optional<Timestamp> valid_to;

  bool operator==(const VersionedRecord&) const = default;
};

/// Values by key with their history: every version of the last `history retention` can be read as of its time.
/// (Kafka Streams: `VersionedKeyValueStore`.)
template <class K, class V>
class VersionedKeyValueStore : public StateStore {
 public:
  /// nullptr: the key has no value from `timestamp` on.
  virtual VersionedPut put(const K& key, const V* value, Timestamp timestamp) = 0;

  /// As put(key, nullptr, timestamp); returns what was valid at that time.
  virtual std::optional<VersionedRecord<V>> remove(const K& key, Timestamp timestamp) = 0;

  /// The latest version.
  [[nodiscard]] virtual std::optional<VersionedRecord<V>> get(const K& key) = 0;
  /// The version valid at that time; nullopt if there is none or the time is before the history retention.
  [[nodiscard]] virtual std::optional<VersionedRecord<V>> get(const K& key, Timestamp as_of) = 0;
};

}  // namespace millrace
