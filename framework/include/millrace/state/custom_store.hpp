// SPDX-License-Identifier: Apache-2.0
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

/// The changelog partition of a CustomStore, which writes its changelog itself. Owned by the task. Used by the task's
/// thread alone.
class StoreChangelog {
 public:
  virtual ~StoreChangelog() = default;

  /// Sends one change to the changelog. `value` nullopt: a tombstone. `timestamp`: ms since the epoch. `headers`: may
  /// be null for none. The bytes are copied, so they need not outlive the call.
  virtual void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) = 0;
};

/// The base of a store that you implement yourself. It keeps its data in memory, in any form. It has its own changelog
/// format: it writes with StoreChangelog and reads in restore(). At each start it is restored from the beginning of its
/// changelog. (Kafka Streams: a `StateStore` of your own, with your own `StoreBuilder`.)
class CustomStore : public StateStore, public RestorableStore {
 public:
  /// Always false: a custom store cannot survive a restart without its changelog.
  [[nodiscard]] bool persistent() const override { return false; }
};

/// Makes the store of one task. First argument: the store's changelog; null if logging is off. It outlives the store.
/// Second argument: the name of the changelog topic, which serdes get as their topic.
using CustomStoreFactory = std::function<std::unique_ptr<CustomStore>(StoreChangelog*, const std::string&)>;

}  // namespace millrace
