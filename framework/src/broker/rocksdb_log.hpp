// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/env.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {

/// Writes RocksDB's own log to the application's log. By default RocksDB writes its log into a file in the database
/// directory. If the disk is full, a build of RocksDB with assertions, such as Debian's, ends the process at the second
/// line that cannot be written. Only warnings and errors are logged, at debug level, because the caller of RocksDB gets
/// each failure as a status. Thread-safe.
class RocksDbLog final : public rocksdb::Logger {
 public:
  /// `directory`: the directory of the database. Each line names it.
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
