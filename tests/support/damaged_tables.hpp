#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {

/// Overwrites some bytes in the middle of each RocksDB table in this directory and below it. So one block of data is
/// damaged, and the ends of the file, which RocksDB checks when it opens it, are not. Tables of a few blocks are left
/// alone. Returns how many tables are damaged now.
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
