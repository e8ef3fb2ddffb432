#pragma once

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/temp_dir.hpp"

namespace millrace {

/// Captures the standard error of the process, which the log goes to, during the lifetime of this object.
class CapturedStderr {
 public:
  CapturedStderr() : before_(::dup(STDERR_FILENO)) {
    std::FILE* file = std::fopen(path().c_str(), "w");
    if (before_ < 0 || file == nullptr) throw std::runtime_error("cannot redirect the standard error");
    (void)std::fflush(stderr);
    ::dup2(::fileno(file), STDERR_FILENO);
    (void)std::fclose(file);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() {
    (void)std::fflush(stderr);
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    (void)std::fputs(text().c_str(), stderr);  // for whoever reads the test's own log
  }

  [[nodiscard]] std::string text() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  [[nodiscard]] std::string path() const { return (directory_.path() / "stderr").string(); }

  TempDir directory_;
  int before_;
};

}  // namespace millrace
