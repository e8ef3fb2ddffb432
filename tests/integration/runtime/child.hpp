// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace::runtime_test {

/// A counting_app in another process. The destructor kills the process unless it has ended.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  struct Status {
    std::string state;
    std::uint64_t processed = 0;
    std::uint64_t restored = 0;
    std::uint64_t commits = 0;
  };
  /// The status line that the process printed last.
  [[nodiscard]] Status status() const;
  /// The error that the process printed before it ended. Empty if there was none.
  [[nodiscard]] std::string failure() const;

  void wait_until_running() const;
  void wait_until_processed(std::uint64_t records) const;

  void signal(int number) const;
  /// Waits for the end of the process. Returns the exit code, or minus the number of the signal that ended the process.
  int wait();
  void kill();

 private:
  void read_output(int file);

  pid_t pid_ = 0;
  std::optional<int> ended_;
  std::thread reader_;
  mutable std::mutex mutex_;
  Status status_;
  std::string failure_;
};

}  // namespace millrace::runtime_test
