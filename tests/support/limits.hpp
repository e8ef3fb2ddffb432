// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include "support/temp_dir.hpp"

namespace millrace {

/// Sets the soft limit of a resource of this process. The destructor restores the former limit.
class ResourceLimit {
 public:
  ResourceLimit(__rlimit_resource resource, rlim_t limit) : resource_(resource) {
    if (::getrlimit(resource_, &before_) != 0) throw std::system_error(errno, std::generic_category(), "getrlimit");
    rlimit wanted = before_;
    wanted.rlim_cur = limit;
    if (::setrlimit(resource_, &wanted) != 0) throw std::system_error(errno, std::generic_category(), "setrlimit");
  }
  ResourceLimit(const ResourceLimit&) = delete;
  ResourceLimit& operator=(const ResourceLimit&) = delete;
  ~ResourceLimit() { ::setrlimit(resource_, &before_); }

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

/// The lowest limit (`ulimit -n`) with which this process can open `more` files in addition to those that are open.
inline rlim_t files_and(rlim_t more) {
  // A new file gets the lowest free file descriptor, and the limit is for the number of the descriptor.
  const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (probe < 0) throw std::system_error(errno, std::generic_category(), "/dev/null");
  ::close(probe);
  return static_cast<rlim_t>(probe) + more;
}

/// A directory with space for a given number of bytes, until grow(). The directory is a separate file system (tmpfs).
/// If the process has no permission to mount a file system, the size of each file of the process is limited instead
/// (RLIMIT_FSIZE). Writes fail in both cases.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes) : path_(directory_.path() / "disk") {
    std::filesystem::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size(bytes).c_str()) == 0;
    if (mounted_) return;
    if (errno != EPERM) throw std::system_error(errno, std::generic_category(), "mount");
    std::signal(SIGXFSZ, SIG_IGN);
    limit_ = std::make_unique<ResourceLimit>(RLIMIT_FSIZE, bytes / 8);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }

  /// Makes the disk larger, as if a user had freed space.
  void grow(std::size_t bytes) {
    limit_.reset();
    if (mounted_ && ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, size(bytes).c_str()) != 0) {
      throw std::system_error(errno, std::generic_category(), "remount");
    }
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// A part of the message about a failed write.
  [[nodiscard]] std::string complaint() const { return mounted_ ? " is full (" : "the largest size"; }

 private:
  static std::string size(std::size_t bytes) { return "size=" + std::to_string(bytes); }

  TempDir directory_;
  std::filesystem::path path_;
  bool mounted_ = false;
  std::unique_ptr<ResourceLimit> limit_;
};

}  // namespace millrace
