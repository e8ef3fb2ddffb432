// SPDX-License-Identifier: Apache-2.0
#include "runtime/temporary_state.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <system_error>

#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

/// Whether `inner` is the same directory as `outer`, or a directory inside `outer`.
[[nodiscard]] bool is_within(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(inner, error);
  const auto root = std::filesystem::weakly_canonical(outer, error);
  if (error || root.empty()) return false;
  const auto common = std::ranges::mismatch(root, path);
  // A path that ends with a slash has an empty last part.
  return common.in1 == root.end() || (common.in1->empty() && std::next(common.in1) == root.end());
}

}  // namespace

void warn_of_temporary_state(const std::filesystem::path& state, const std::string& broker) {
  constexpr std::string_view kEmbedded = "embedded:";
  std::error_code error;
  const auto temporary = std::filesystem::temp_directory_path(error);
  if (error || !is_within(state, temporary)) return;
  if (broker.starts_with(kEmbedded) && is_within(broker.substr(kEmbedded.size()), temporary)) return;
  log(LogLevel::warn, "the state is kept in " + state.string() + ", but the machine may delete files in " +
                          temporary.string() +
                          " at any time. Then all state must be restored from the changelogs. Set state.dir to a "
                          "directory that is not for temporary files");
}

}  // namespace millrace::detail
