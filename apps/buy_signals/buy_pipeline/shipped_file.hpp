// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace buy_signals {

/// The path of a file of the folder `data`: in the working directory, or else in the source tree in which the program
/// was built. If it is in neither, the first of these, for the message about it.
[[nodiscard]] inline std::string shipped_file(const std::string& name) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path("data") / name;
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path.string();
  const auto program = fs::read_symlink("/proc/self/exe", ignored);
  // <source>/build/<preset>/bin/program
  const auto in_source = program.parent_path().parent_path().parent_path().parent_path() / path;
  return fs::exists(in_source, ignored) ? in_source.string() : path.string();
}

}  // namespace buy_signals
