// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace::detail {

/// The text of the exception that is being handled: its what(), or for an object that is no std::exception its type
/// and, if it is a string or an int, its value. Call this in a catch block only. Thread-safe.
[[nodiscard]] std::string current_error();

}  // namespace millrace::detail
