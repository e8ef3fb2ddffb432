// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracle/cpp/program/program.hpp"

namespace oracle::program {

/// Calls `use` with the windows that `"window": {...}` describes: TimeWindows, UnlimitedWindows, SlidingWindows or
/// SessionWindows.
template <class Use>
void with_windows(const Json& window, Use use) {
  const auto ms = [&](const char* field) { return millrace::Millis(window.value(field, std::int64_t(0))); };
  const auto kind = window.at("kind").get<std::string>();
  if (kind == "session") {
    use(millrace::SessionWindows::of_inactivity_gap_and_grace(ms("gap"), ms("grace")));
  } else if (kind == "sliding") {
    use(millrace::SlidingWindows::of_time_difference_and_grace(ms("difference"), ms("grace")));
  } else if (kind == "unlimited") {
    use(millrace::UnlimitedWindows::of().start_on(ms("start").count()));
  } else {
    const auto windows = millrace::TimeWindows::of_size_and_grace(ms("size"), ms("grace"));
    use(window.contains("advance") ? windows.advance_by(ms("advance")) : windows);
  }
}

/// The type of the windowed keys.
[[nodiscard]] inline Type windowed_key(const Json& window, Type key) {
  const auto kind = window.at("kind").get<std::string>();
  key.windows = kind == "session" ? Type::Windows::session : Type::Windows::time;
  key.window_size = kind == "sliding"     ? window.at("difference").get<std::int64_t>()
                    : kind == "unlimited" ? std::numeric_limits<std::int64_t>::max()
                                          : window.value("size", std::int64_t(0));
  return key;
}

}  // namespace oracle::program
