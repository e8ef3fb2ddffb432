// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/prices/shipped_prices.hpp"

#include <filesystem>
#include <system_error>

namespace buy_signals {

std::string shipped_prices() {
  namespace fs = std::filesystem;
  const fs::path name = fs::path("data") / "stocks.csv.gz";
  std::error_code ignored;
  if (fs::exists(name, ignored)) return name.string();
  const auto program = fs::read_symlink("/proc/self/exe", ignored);
  // <source>/build/<preset>/bin/program
  const auto in_source = program.parent_path().parent_path().parent_path().parent_path() / name;
  if (fs::exists(in_source, ignored)) return in_source.string();
  return name.string();
}

}  // namespace buy_signals
