#pragma once

#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace millrace::contract {

/// A running crash_writer. Killed, as by `kill -9`, at the latest when this object goes.
class WriterProcess {
 public:
  WriterProcess(const std::filesystem::path& directory, const std::string& mode);
  ~WriterProcess() { kill(); }
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;

  /// Waits for the next line that it prints: what the broker confirmed. -1 if it ended.
  long next_confirmed();
  /// Kills it and reads what it had printed before. Returns the last number confirmed, -1 if none.
  long kill();
  [[nodiscard]] pid_t id() const { return process_; }

 private:
  pid_t process_ = -1;
  std::FILE* output_ = nullptr;
  long last_ = -1;
};

}  // namespace millrace::contract
