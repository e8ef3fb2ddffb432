// SPDX-License-Identifier: Apache-2.0
#include "common/io_remedy.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace millrace::detail {
namespace {

namespace fs = std::filesystem;

/// Whether `error` contains the text of the errno value `code`. The text is compared because a RocksDB status has the
/// text of an error, but not its number.
bool mentions(std::string_view error, int code) { return error.find(std::strerror(code)) != std::string_view::npos; }

/// The soft limit of a resource. nullopt: there is no limit.
std::optional<std::uint64_t> limit_of(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  return limit.rlim_cur;
}

/// The nearest directory above `place` that exists, or `place` itself. `place` may not exist yet.
fs::path existing(fs::path place) {
  std::error_code error;
  while (!fs::exists(place, error) && place.has_relative_path() && place.has_parent_path()) place = place.parent_path();
  return place.empty() ? fs::path(".") : place;
}

/// The free space on the disk of `place`, in bytes, for messages. Empty if it is not known.
std::string room_at(const fs::path& place) {
  struct statvfs room {};
  if (::statvfs(existing(place).c_str(), &room) != 0) return {};
  std::string text = " (" + std::to_string(room.f_bavail * room.f_frsize) + " of " +
                     std::to_string(room.f_blocks * room.f_frsize) + " bytes are free";
  // f_files is 0 on file systems that have no limit of files.
  if (room.f_files > 0 && room.f_favail == 0) text += ", and no more files can be created";
  return text + ")";
}

}  // namespace

std::optional<std::uint64_t> open_files_limit() { return limit_of(RLIMIT_NOFILE); }

bool is_limit(std::string_view error) {
  return std::ranges::any_of(std::array{ENOSPC, EDQUOT, EMFILE, ENFILE, EFBIG, EROFS, EACCES, EPERM, ENOMEM},
                             [error](int code) { return mentions(error, code); });
}

std::string io_remedy(std::string_view error, const fs::path& place) {
  const auto is = [error](int code) { return mentions(error, code); };
  if (is(ENOSPC) || is(EDQUOT)) {
    return "the disk of " + place.string() + " is full" + room_at(place) + ": free some space, then start again";
  }
  // ENFILE is tested before EMFILE, because the text of EMFILE is the beginning of the text of ENFILE.
  if (is(ENFILE)) {
    return "this machine has as many files open as it may (sysctl fs.file-max): close other programs or raise the "
           "limit, then start again";
  }
  if (is(EMFILE)) {
    const auto limit = open_files_limit();
    return "this process has as many files and sockets open as it may (ulimit -n" +
           (limit ? ": " + std::to_string(*limit) : std::string()) + "): raise the limit, then start again";
  }
  if (is(EFBIG)) {
    const auto limit = limit_of(RLIMIT_FSIZE);
    return "a file has reached the largest size that is allowed here (" +
           (limit ? "ulimit -f: " + std::to_string(*limit) + " bytes" : std::string("a limit of the file system")) +
           "): raise the limit, then start again";
  }
  if (is(EROFS)) {
    return place.string() +
           " is on a file system that is read-only: either it was mounted read-only, or the system has found damage on "
           "the "
           "disk; see the log of the system";
  }
  if (is(EACCES) || is(EPERM)) {
    return "the user with the id " + std::to_string(::geteuid()) +
           " may not do this: correct the owner and the "
           "permissions of " +
           place.string();
  }
  return "check the disk of " + place.string() + ", then start again";
}

}  // namespace millrace::detail
