#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// What every store has in common. A store belongs to one task and is used by that task's thread alone.
/// (Kafka Streams: `StateStore`.)
class StateStore {
 public:
  virtual ~StateStore() = default;

  [[nodiscard]] virtual const std::string& name() const = 0;

  /// True if the data survives a restart without reading the changelog.
  [[nodiscard]] virtual bool persistent() const = 0;

  /// Writes what caches above the store hold back. (Java: `flush`; here part of every commit.)
  virtual void flush() {}
};

/// One changelog record, as it is read back into a store.
struct RestoreRecord {
  std::string_view key;
  BytesView value;
  Timestamp timestamp = kNoTimestamp;
  const Headers* headers = nullptr;  ///< null: none
};

/// A store that can be rebuilt from changelog records. Key and value are in the store's changelog format
/// (see state/formats.hpp); restoring never writes the changelog.
class RestorableStore {
 public:
  virtual ~RestorableStore() = default;
  virtual void restore(std::span<const RestoreRecord> records) = 0;
};

}  // namespace millrace
