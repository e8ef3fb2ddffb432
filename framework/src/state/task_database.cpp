// SPDX-License-Identifier: Apache-2.0
#include "task_database.hpp"

#include <utility>

#include "common/io_remedy.hpp"

#include "state/rocksdb/task_database.hpp"
#include "state_memory.hpp"

namespace millrace::detail {

std::unique_ptr<TaskDatabase> TaskDatabase::open(const std::filesystem::path& directory,
                                                 const DatabaseOptions& options) {
  return open(directory, std::make_shared<StateMemory>(options));
}

std::unique_ptr<TaskDatabase> TaskDatabase::open(const std::filesystem::path& directory,
                                                 std::shared_ptr<StateMemory> memory) {
  return std::make_unique<RocksDbTaskDatabase>(directory, std::move(memory));
}

void check(const rocksdb::Status& status, std::string_view doing, std::string_view store,
           const std::filesystem::path& directory) {
  if (status.ok()) return;
  const std::string what = "cannot " + std::string(doing) + " " +
                           (store.empty() ? std::string("the state") : "state store '" + std::string(store) + "'") +
                           " in " + directory.string() + ": " + status.ToString();
  // A path that is not found means that a file of the database was deleted.
  if ((status.IsCorruption() || status.IsPathNotFound()) && !is_limit(what)) {
    throw StateCorruptedException(what + "; the local state must be deleted and restored from the changelogs",
                                  directory);
  }
  throw ProcessorStateException(what + "; " + io_remedy(what, directory) + ". Committed data are not lost");
}

}  // namespace millrace::detail
