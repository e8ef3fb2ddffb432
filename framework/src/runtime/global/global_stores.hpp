#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// The global stores of an application: written by the global thread, read by the tasks of all stream threads.
///
/// All of them share one lock, which is held for single reads and writes, and for a whole commit. Each thread and
/// processor has typed stores of its own on top: these have scratch space, and say who tried to write.
class GlobalStores {
 public:
  /// For StoreBinding::Setup: keeps the byte store and leaves one in its place that takes the lock.
  void take(const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes);

  /// The store for the calling thread and the processor `reader`, to read only; nullptr: there is no global store of
  /// that name. Valid as long as this object.
  [[nodiscard]] StateStore* find(const std::string& name, const std::string& reader);

  [[nodiscard]] std::mutex& mutex() { return mutex_; }

 private:
  struct Shared {
    StoreBuilder builder;
    std::string changelog;
    ByteStore bytes;
  };

  std::mutex mutex_;
  std::map<std::string, Shared> stores_;
  std::mutex views_mutex_;
  std::map<std::tuple<std::thread::id, std::string, std::string>, std::unique_ptr<StateStore>> views_;
};

}  // namespace millrace::detail
