#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::detail {

/// What a failure of a file or directory means for whoever runs the program, and what helps, as the end of a message:
/// names the full disk and how much room it has, the limit of open files, and so on. `error`: the message of the
/// operating system or of RocksDB, which has the former's text in it. `place`: the file or directory. Any thread.
[[nodiscard]] std::string io_remedy(std::string_view error, const std::filesystem::path& place);

/// Whether the error says that the process may not do something, or has no room for it. Then nothing follows about the
/// data: they may be whole. `error` as for io_remedy(). Any thread.
[[nodiscard]] bool is_limit(std::string_view error);

/// How many files and sockets this process may have open (`ulimit -n`). nullopt: no limit.
[[nodiscard]] std::optional<std::uint64_t> open_files_limit();

}  // namespace millrace::detail
