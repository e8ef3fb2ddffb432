// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// What all stores have in common. (Kafka Streams: `StateStore`.) A store belongs to one task. Only that task's thread
/// uses it.
class StateStore {
 public:
  virtual ~StateStore() = default;

  /// The name given in the topology. It also names the changelog topic.
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// True if the data survive a restart without the changelog. False: the store is restored from the whole changelog.
  [[nodiscard]] virtual bool persistent() const = 0;

  /// The store's interface as in source code, such as `TimestampedKeyValueStore<std::string, long>`. For messages.
  [[nodiscard]] virtual std::string interface() const;

  /// Writes the updates that caches above the store hold back. Every commit calls it. (Java: `flush`.)
  virtual void flush() {}
};

/// A changelog record that is read back into a store. The views are valid during the call of restore().
struct RestoreRecord {
  std::string_view key;                ///< in the store's changelog format
  BytesView value;                     ///< nullopt: a tombstone
  Timestamp timestamp = kNoTimestamp;  ///< of the changelog record, ms since the epoch
  const Headers* headers = nullptr;    ///< null: none
};

/// A store that can be rebuilt from changelog records. Keys and values are in the store's changelog format (see
/// state/detail/formats.hpp).
class RestorableStore {
 public:
  virtual ~RestorableStore() = default;
  /// Applies the records in order. Writes nothing to the changelog.
  virtual void restore(std::span<const RestoreRecord> records) = 0;
};

}  // namespace millrace
