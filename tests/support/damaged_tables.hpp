// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {

/// Overwrites 64 bytes in the middle of each RocksDB table file (.sst) in this directory and in its subdirectories.
/// This damages one data block. The end of the file stays intact, because RocksDB checks it when it opens the file.
/// Files of less than 20,000 bytes are not changed. Returns the number of damaged files.
inline int damage_tables(const std::filesystem::path& directory) {
  int damaged = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (file.path().extension() != ".sst" || file.file_size() < 20'000) continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(static_cast<std::streamoff>(file.file_size() / 2));
    table << std::string(64, '?');
    ++damaged;
  }
  return damaged;
}

}  // namespace millrace
