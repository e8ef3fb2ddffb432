// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

#include "millrace/serde/detail/configured_serdes.hpp"
#include "millrace/state/store_builder.hpp"
#include "runtime/global/store_gate.hpp"

namespace millrace::detail {

/// The global stores of an application. The global thread writes them, and the tasks of all stream threads read them.
///
/// All stores share one gate. The gate's lock is held for each single read and write. It is also held during a whole
/// commit,
/// because a commit changes the in-memory data of the stores.
///
/// Each combination of thread, store and processor has a typed store object of its own, a *view*. A view has buffers,
/// so it cannot be shared, and it knows its processor for error messages.
class GlobalStores {
 public:
  /// Takes over the byte store in `bytes`, and replaces it there by a store that takes the lock. Used as
  /// StoreBinding::Setup::share. The first call for a store comes before the stream threads start. A later call
  /// replaces the byte store under all views. REQUIRES for a later call: the gate is closed. `serdes`: those of the
  /// application.
  void take(const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes,
            const std::shared_ptr<ConfiguredSerdes>& serdes);

  /// The view for the calling thread and the processor `reader`, which may only read. nullptr: there is no global store
  /// with this name. Valid while this object lives. From any thread.
  [[nodiscard]] StateStore* find(const std::string& name, const std::string& reader);

  [[nodiscard]] StoreGate& gate() { return gate_; }

 private:
  /// A global store.
  struct Shared {
    StoreBuilder builder;
    std::string changelog;  ///< the topic name that serdes get
    ByteStore bytes;
    std::shared_ptr<ConfiguredSerdes> serdes;
  };

  StoreGate gate_;
  /// No entry is added or removed after readers exist, so the map needs no lock. Exception: the byte stores may be
  /// replaced, under the lock of gate_.
  std::map<std::string, Shared> stores_;
  /// Guards views_.
  std::mutex views_mutex_;
  std::map<std::tuple<std::thread::id, std::string, std::string>, std::unique_ptr<StateStore>> views_;
};

}  // namespace millrace::detail
