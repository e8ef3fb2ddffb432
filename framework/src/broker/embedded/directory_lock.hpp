#pragma once

#include <filesystem>

namespace millrace::detail::embedded {

/// Holds the broker's directory for this process. The kernel lets go of it when the process ends, however it ends.
class DirectoryLock {
 public:
  /// Throws LockException, naming the directory and the process that has it, if another process holds it.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace millrace::detail::embedded
