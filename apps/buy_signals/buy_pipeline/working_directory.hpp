// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "millrace/common/errors.hpp"

namespace buy_signals {

/// A new temporary directory for one run. The destructor deletes it, unless `keep` is set.
class WorkingDirectory {
 public:
  /// `program` is the begin of its name.
  WorkingDirectory(const std::string& program, bool keep) : keep_(keep) {
    auto name = (std::filesystem::temp_directory_path() / (program + "-XXXXXX")).string();
    if (mkdtemp(name.data()) == nullptr) throw millrace::StreamsException("cannot make a directory like " + name);
    path_ = name;
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory() {
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

}  // namespace buy_signals
