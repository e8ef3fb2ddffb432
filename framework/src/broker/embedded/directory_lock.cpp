// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/directory_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/io_remedy.hpp"

namespace millrace::detail::embedded {
namespace {

/// An exclusive lock on the whole file: a length of 0 means "to the end".
struct flock whole_file() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

}  // namespace

// Uses a record lock (fcntl) and not flock(), for two reasons: a forked child does not inherit it, and it tells which
// process holds it. A record lock excludes other processes, not other threads. Within a process, the Registry in
// embedded_broker.cpp makes sure that each directory is opened once.
DirectoryLock::DirectoryLock(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "broker.lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) {
    const std::string error = std::strerror(errno);
    throw LockException("cannot create " + path.string() + ": " + error + "; " + io_remedy(error, path));
  }
  struct flock lock = whole_file();
  if (::fcntl(file_, F_SETLK, &lock) == 0) return;
  const int error = errno;
  std::string holder = "another process";
  // Ask who holds the lock. The holder may have ended in the meantime.
  lock = whole_file();
  if (::fcntl(file_, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0) {
    holder = "process " + std::to_string(lock.l_pid);
  }
  ::close(file_);
  if (error == EAGAIN || error == EACCES) {
    throw DirectoryInUseException("embedded broker directory " + directory.string() + " is in use by " + holder +
                                      ": one process at a time can write to it. Stop that process, choose another "
                                      "directory, or run several processes on Kafka (--bootstrap-servers)",
                                  holder);
  }
  throw LockException("cannot lock " + path.string() + ": " + std::strerror(error));
}

DirectoryLock::~DirectoryLock() { ::close(file_); }

}  // namespace millrace::detail::embedded
