// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/temp_dir.hpp"

// From <sanitizer/common_interface_defs.h>. Not there without a sanitizer.
extern "C" void __sanitizer_set_report_fd(void* descriptor) __attribute__((weak));

namespace millrace {

/// Captures the standard error of the process, which the log goes to, during the lifetime of this object. The report of
/// a sanitizer, which ends the process, is not captured. Otherwise nobody would see it.
class CapturedStderr {
 public:
  CapturedStderr() : before_(::dup(STDERR_FILENO)) {
    std::FILE* file = std::fopen(path().c_str(), "w");
    if (before_ < 0 || file == nullptr) throw std::runtime_error("cannot redirect the standard error");
    (void)std::fflush(stderr);
    ::dup2(::fileno(file), STDERR_FILENO);
    (void)std::fclose(file);
    report_to(before_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() {
    (void)std::fflush(stderr);
    ::dup2(before_, STDERR_FILENO);
    report_to(STDERR_FILENO);
    ::close(before_);
    (void)std::fputs(text().c_str(), stderr);  // for whoever reads the test's own log
  }

  [[nodiscard]] std::string text() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  /// Sets the file descriptor for reports of a sanitizer.
  static void report_to(int descriptor) {
    if (__sanitizer_set_report_fd != nullptr)
      __sanitizer_set_report_fd(reinterpret_cast<void*>(std::intptr_t{descriptor}));
  }
  [[nodiscard]] std::string path() const { return (directory_.path() / "stderr").string(); }

  TempDir directory_;
  int before_;
};

}  // namespace millrace
