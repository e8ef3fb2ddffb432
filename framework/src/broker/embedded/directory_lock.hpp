// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "millrace/common/errors.hpp"

namespace millrace::detail::embedded {

/// Another process holds the lock of the directory.
class DirectoryInUseException : public LockException {
 public:
  /// `holder`: the process for messages, such as `process 123`.
  DirectoryInUseException(const std::string& what, std::string holder)
      : LockException(what), holder_(std::move(holder)) {}

  [[nodiscard]] const std::string& holder() const { return holder_; }

 private:
  std::string holder_;
};

/// Locks the broker's directory for this process. The kernel releases the lock when the process ends, also after a
/// crash.
class DirectoryLock {
 public:
  /// Throws DirectoryInUseException if another process holds the lock. The message names the directory and the process.
  /// Throws LockException if the lock file cannot be made.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int file_ = -1;  ///< file descriptor of DIRECTORY/broker.lock
};

}  // namespace millrace::detail::embedded
