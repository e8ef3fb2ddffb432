// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace millrace::detail {

/// Logs a warning if the state directory is inside the directory for temporary files, because the machine may delete
/// temporary files. `broker`: the address of the broker. No warning if the embedded broker also keeps its records in
/// the directory for temporary files: the user then expects both to be temporary.
void warn_of_temporary_state(const std::filesystem::path& state, const std::string& broker);

}  // namespace millrace::detail
