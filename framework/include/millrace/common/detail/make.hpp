// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

// Replacements for std::make_unique and std::make_shared, for types that depend on a user's types. The standard
// functions instantiate many more functions for each type, and these instantiations are a large part of a topology's
// compile time. (For the same reason, large functions that only build topologies are marked gnu::cold: the compiler
// optimises them for size and does not inline them.)
namespace millrace::detail {

/// Makes a Made and returns it as a pointer to its base class.
template <class Base, class Made, class... Args>
[[nodiscard]] std::unique_ptr<Base> make_as(Args&&... args) {
  return std::unique_ptr<Base>(new Made(std::forward<Args>(args)...));
}

/// Makes a Made and returns it as a shared pointer to its base class T. Needs one allocation more than
/// std::make_shared.
template <class T, class Made = T, class... Args>
[[nodiscard]] std::shared_ptr<T> share(Args&&... args) {
  return std::shared_ptr<T>(new Made{std::forward<Args>(args)...});  // NOLINT(modernize-make-shared)
}

}  // namespace millrace::detail
