// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>

namespace oracle::program {

/// Runs a program (JSON, see tests/oracle/README.md). Writes the answer in JSON lines: description, records, stores.
void answer(const std::string& program, std::ostream& out);

}  // namespace oracle::program
