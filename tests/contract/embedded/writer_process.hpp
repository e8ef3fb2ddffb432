// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace millrace::contract {

/// A running crash_writer. Its destructor kills it as `kill -9` does.
class WriterProcess {
 public:
  WriterProcess(const std::filesystem::path& directory, const std::string& mode);
  ~WriterProcess() { kill(); }
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;

  /// Waits for the next number that the writer prints. -1: the writer ended.
  long next_confirmed();
  /// Kills the writer and reads its remaining output. Returns the last confirmed number, or -1 if there is none.
  long kill();
  [[nodiscard]] pid_t id() const { return process_; }

 private:
  pid_t process_ = -1;
  std::FILE* output_ = nullptr;
  long last_ = -1;
};

}  // namespace millrace::contract
