#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "millrace/testing/topology_test_driver.hpp"

namespace oracle::program {

/// In hex; null for null.
[[nodiscard]] nlohmann::ordered_json hex(const std::optional<std::string>& bytes);

/// A JSON line per entry of every store that can be listed.
void write_stores(millrace::TopologyTestDriver& driver, std::ostream& out);

}  // namespace oracle::program
