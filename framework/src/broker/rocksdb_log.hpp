#pragma once

#include <rocksdb/env.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {

/// Takes RocksDB's own log. By default RocksDB writes it into a file beside the data, and a build with assertions, as
/// Debian's, ends the process at the second line that does not fit on a full disk. Here warnings and errors go to the
/// application's log at debug level: whoever calls RocksDB learns of a failure from its status. Thread-safe.
class RocksDbLog final : public rocksdb::Logger {
 public:
  /// `directory`: of the database, for the lines.
  explicit RocksDbLog(std::string directory)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), directory_(std::move(directory)) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    if (!log_enabled(LogLevel::debug)) return;
    std::array<char, 1000> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    log(LogLevel::debug, "RocksDB in " + directory_ + ": " + line.data());
  }

 private:
  std::string directory_;
};

}  // namespace millrace::detail
