// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "millrace/testing/topology_test_driver.hpp"

namespace oracle::program {

/// The bytes in hex, or JSON null.
[[nodiscard]] nlohmann::ordered_json hex(const std::optional<std::string>& bytes);

/// Writes a JSON line per entry, for every store that can be listed.
void write_stores(millrace::TopologyTestDriver& driver, std::ostream& out);

}  // namespace oracle::program
