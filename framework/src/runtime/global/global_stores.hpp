#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// The global stores of an application. The global thread writes them, and the tasks of all stream threads read them.
///
/// One lock is for all stores. It is held for each single read and write. It is also held during a whole commit,
/// because a commit changes what the stores hold in memory.
///
/// Each combination of thread, store and processor has a typed store object of its own, a *view*. A view has buffers,
/// so it cannot be shared, and it knows its processor for error messages.
class GlobalStores {
 public:
  /// Takes over a byte store, and puts one in its place that takes the lock. Used as StoreBinding::Setup::share. Only
  /// called before the stream threads start.
  void take(const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes);

  /// The view for the calling thread and the processor `reader`, which may only read. nullptr: there is no global store
  /// with this name. Valid while this object lives. From any thread.
  [[nodiscard]] StateStore* find(const std::string& name, const std::string& reader);

  /// For commits, which hold the lock from outside.
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

 private:
  /// A global store.
  struct Shared {
    StoreBuilder builder;
    std::string changelog;  ///< the topic name that serdes get
    ByteStore bytes;
  };

  std::mutex mutex_;
  /// Not changed any more when readers exist, so it needs no lock.
  std::map<std::string, Shared> stores_;
  /// Guards views_.
  std::mutex views_mutex_;
  std::map<std::tuple<std::thread::id, std::string, std::string>, std::unique_ptr<StateStore>> views_;
};

}  // namespace millrace::detail
