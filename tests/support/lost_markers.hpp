// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {

/// Whether the Kafka server in this directory has completed transactions without writing their
/// markers. This is a fault of Kafka (4.3.1, 4.4.0), after a kill and while it shuts down. Afterwards no reader gets
/// exactly the committed records, so the result of a test says nothing.
[[nodiscard]] inline bool has_lost_markers(const std::filesystem::path& directory) {
  for (const char* name : {"server.log", "server.previous.log"}) {
    std::ifstream log(directory / name);
    for (std::string line; std::getline(log, line);) {
      if (line.find("likely deleted") != std::string::npos) return true;
    }
  }
  return false;
}

}  // namespace millrace
