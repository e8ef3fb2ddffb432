// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace millrace::kill9 {

/// A program in another process. Its output is appended to a file. The destructor kills the process.
class Program {
 public:
  Program(std::vector<std::string> command, std::filesystem::path log);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  void signal(int number) const;
  /// Returns the exit code, or minus the number of the signal that ended the process; nullopt: the process runs.
  [[nodiscard]] std::optional<int> ended();
  /// Sends SIGKILL and waits for the end.
  void kill();
  [[nodiscard]] const std::filesystem::path& log() const { return log_; }

 private:
  std::filesystem::path log_;
  pid_t pid_ = 0;
  std::optional<int> ended_;
};

/// Runs a command and waits for it. Returns what it printed. Throws std::runtime_error with that text if it fails.
std::string run(const std::string& command);

}  // namespace millrace::kill9
