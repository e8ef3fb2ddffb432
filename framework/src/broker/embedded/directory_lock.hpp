#pragma once

#include <filesystem>

namespace millrace::detail::embedded {

/// Locks the broker's directory for this process. The kernel releases the lock when the process ends, also after a
/// crash.
class DirectoryLock {
 public:
  /// Throws LockException if another process holds the lock. The message names the directory and the process.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int file_ = -1;  ///< file descriptor of DIRECTORY/broker.lock
};

}  // namespace millrace::detail::embedded
