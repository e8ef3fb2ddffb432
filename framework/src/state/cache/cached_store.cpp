// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/detail/cached_store.hpp"

#include <utility>

#include "millrace/state/state_store.hpp"
#include "state/metered/stores.hpp"

namespace millrace::detail {

bool listen_to_cache(StateStore& store, CachedBytesStore::Listener listener, bool send_old_values) {
  // Metrics are measured in front of the cache, so look behind the metered store.
  if (auto* metered = dynamic_cast<MeteredStore*>(&store)) {
    return listen_to_cache(metered->measured(), std::move(listener), send_old_values);
  }
  auto* cached = dynamic_cast<CachedBytesStore*>(&store);
  if (cached == nullptr) return false;
  cached->set_flush_listener(std::move(listener), send_old_values);
  return true;
}

}  // namespace millrace::detail
