#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace {

/// The changelog partition of a store that writes its own changelog. Belongs to the task; used by its thread alone.
class StoreChangelog {
 public:
  virtual ~StoreChangelog() = default;

  /// Sends one change. An absent value is a tombstone. `timestamp`: ms since the epoch. `headers` may be null (none).
  /// The bytes are copied.
  virtual void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) = 0;
};

/// A store of your own: it keeps its data in memory, has a changelog format of its own, and is restored from the
/// beginning of its changelog at each start. (Kafka Streams: a `StateStore` with a `StoreBuilder` of your own.)
class CustomStore : public StateStore, public RestorableStore {
 public:
  [[nodiscard]] bool persistent() const override { return false; }
};

/// Makes the store of one task. First argument: where its changes go; null if logging is off. It outlives the store.
/// Second argument: the name of the changelog topic.
using CustomStoreFactory = std::function<std::unique_ptr<CustomStore>(StoreChangelog*, const std::string&)>;

}  // namespace millrace
