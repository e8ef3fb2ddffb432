// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::detail {

/// The end of an error message about a file or directory. It tells the user the cause and the remedy, for example which
/// disk is full and how many bytes are free, or the limit of open files. `error`: the error text of the operating
/// system, or a RocksDB status, which contains that text. `place`: the file or directory. Any thread.
[[nodiscard]] std::string io_remedy(std::string_view error, const std::filesystem::path& place);

/// Whether the error means that the process has reached a limit or lacks a permission: full disk, too many open files,
/// read-only file system, no memory. Such an error does not mean that the data are damaged. `error`: as for
/// io_remedy(). Any thread.
[[nodiscard]] bool is_limit(std::string_view error);

/// How many files and sockets this process may have open (`ulimit -n`). nullopt: no limit.
[[nodiscard]] std::optional<std::uint64_t> open_files_limit();

}  // namespace millrace::detail
