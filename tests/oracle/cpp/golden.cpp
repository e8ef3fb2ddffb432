#include "oracle/cpp/golden.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace oracle {

std::string read_golden(const std::string& path) {
  const auto full = std::filesystem::path(MILLRACE_GOLDEN_DIR) / path;
  std::ifstream in(full, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read the golden file " + full.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::set<std::string> golden_cases(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(MILLRACE_GOLDEN_DIR) / directory)) {
    if (entry.path().extension() == ".txt") names.insert(entry.path().stem().string());
  }
  return names;
}

}  // namespace oracle
