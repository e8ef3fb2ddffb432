// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <type_traits>

namespace millrace::detail {

/// Whether a function is a null pointer or an empty std::function, which cannot be called.
template <class F>
[[nodiscard]] bool is_empty([[maybe_unused]] const F& function) {
  if constexpr (std::is_pointer_v<F>) {
    return function == nullptr;
  } else {
    return false;
  }
}
template <class Signature>
[[nodiscard]] bool is_empty(const std::function<Signature>& function) {
  return function == nullptr;
}

}  // namespace millrace::detail
