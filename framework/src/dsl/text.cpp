// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/text.hpp"

#include <fstream>
#include <iostream>
#include <mutex>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/printed.hpp"

namespace millrace::detail {

std::shared_ptr<LineWriter> write_lines_to_stdout() {
  // Flushes each line, so that output is complete if the process is killed.
  class Stdout final : public LineWriter {
    void write(const std::string& line) override {
      // One lock for the whole process, so that lines of different nodes do not mix.
      static std::mutex mutex;
      const std::lock_guard lock(mutex);
      std::cout << line << '\n' << std::flush;
    }
  };
  return std::make_shared<Stdout>();
}

std::shared_ptr<LineWriter> write_lines_to_file(const std::string& path) {
  // The file is opened in the build phase, so that a wrong path fails before the start.
  class File final : public LineWriter {
   public:
    explicit File(const std::string& path) : path_(path), file_(path, std::ios::trunc) {
      if (!file_) throw TopologyException("print: cannot open file '" + path + "' for writing");
    }
    void write(const std::string& line) override {
      // All tasks of the node share one file, and each may be on another thread.
      const std::lock_guard lock(mutex_);
      file_ << line << '\n' << std::flush;
      if (!file_) throw StreamsException("print: cannot write to file '" + path_ + "'");
    }

   private:
    std::mutex mutex_;
    std::string path_;
    std::ofstream file_;
  };
  return std::make_shared<File>(path);
}

}  // namespace millrace::detail
