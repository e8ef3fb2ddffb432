#pragma once

#include <set>
#include <string>

namespace oracle {

/// What ../capture.sh wrote. `path` is relative to the golden directory. Throws std::runtime_error if it is missing.
std::string read_golden(const std::string& path);

/// The names of the cases of a golden directory (`describe`, `trace`).
std::set<std::string> golden_cases(const std::string& directory);

}  // namespace oracle
