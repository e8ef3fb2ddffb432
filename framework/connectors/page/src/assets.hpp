// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace millrace::page::detail {

/// A file of the page. `path` is that of its URL. The texts live as long as the program.
struct Asset {
  std::string_view path;
  std::string_view type;  ///< of the content
  std::string_view etag;  ///< with quotes; changes with the content
  std::string_view content;
};

/// The files below assets/. assets.cmake writes their definition.
[[nodiscard]] std::span<const Asset> assets();

}  // namespace millrace::page::detail
