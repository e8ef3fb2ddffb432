// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/golden.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace oracle {
namespace {

constexpr std::string_view kHeader = "=== ";

/// The text of a case is everything between two header lines, byte for byte.
void read(const std::filesystem::path& file, std::map<std::string, std::string>& cases) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read the golden file " + file.string());
  std::string* text = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kHeader)) {
      const auto [found, added] = cases.try_emplace(line.substr(kHeader.size()));
      if (!added) throw std::runtime_error(file.string() + ": there is another case '" + found->first + "'");
      text = &found->second;
    } else if (text == nullptr) {
      throw std::runtime_error(file.string() + " does not begin with a case, '=== NAME'");
    } else {
      *text += line + '\n';
    }
  }
}

}  // namespace

std::map<std::string, std::string> golden(const std::string& kind) {
  const auto directory = std::filesystem::path(MILLRACE_GOLDEN_DIR) / kind;
  std::map<std::string, std::string> cases;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) read(entry.path(), cases);
  if (cases.empty()) throw std::runtime_error("there are no golden files in " + directory.string());
  return cases;
}

std::string difference(const std::string& java, const std::string& cpp) {
  constexpr std::size_t kLinesBefore = 8;
  std::istringstream left(java), right(cpp);
  std::deque<std::string> before;
  const auto next = [](std::istringstream& text) {
    std::string line;
    return std::getline(text, line) ? std::optional(line) : std::nullopt;
  };
  for (int number = 1;; ++number) {
    const auto mine = next(right), theirs = next(left);
    if (mine == theirs) {
      if (!mine) return java == cpp ? "" : "one of the texts ends without a line feed";
      before.push_back("  " + *mine + '\n');
      if (before.size() > kLinesBefore) before.pop_front();
      continue;
    }
    std::string shown = "line " + std::to_string(number) + ", Kafka Streams (-) and Millrace (+):\n";
    for (const auto& line : before) shown += line;
    return shown + "- " + theirs.value_or("(the end)") + "\n+ " + mine.value_or("(the end)") + '\n';
  }
}

}  // namespace oracle
