// SPDX-License-Identifier: Apache-2.0
#include "stores.hpp"

#include "state/versioned_store.hpp"

namespace millrace::detail {

ByteStore make_in_memory_store(const StoreSpec& spec) {
  ByteStore bytes;
  switch (spec.kind) {
    case StoreKind::key_value:
      bytes.key_value = spec.max_entries > 0 ? make_in_memory_lru_store(spec.name, spec.max_entries)
                                             : make_in_memory_key_value_store(spec.name);
      break;
    case StoreKind::window: bytes.window = make_in_memory_window_store(spec.name, spec.window); break;
    case StoreKind::session: bytes.session = make_in_memory_session_store(spec.name, spec.retention_ms); break;
    // Versions are encoded as entries of a key-value store, in memory as in RocksDB.
    case StoreKind::versioned:
      bytes.versioned = make_versioned_store(make_in_memory_key_value_store(spec.name), spec.retention_ms);
      break;
    case StoreKind::custom: break;  // the user's factory makes it
  }
  return bytes;
}

void clear_in_memory_store(const ByteStore& bytes) {
  // Exactly one of the four is set.
  StateStore* store = nullptr;
  if (bytes.key_value) store = bytes.key_value.get();
  if (bytes.window) store = bytes.window.get();
  if (bytes.session) store = bytes.session.get();
  if (bytes.versioned) store = bytes.versioned.get();
  dynamic_cast<ClearableStore&>(*store).clear();
}

}  // namespace millrace::detail
