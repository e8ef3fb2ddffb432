#pragma once

#include <memory>
#include <utility>

// What std::make_unique and std::make_shared do, with far fewer functions for each type: those make up much of the time
// that a topology takes to compile. For types that depend on a user's own. (For the same end, functions that only build
// topologies are marked gnu::cold where they are large: they are compiled for size, and not into their callers.)
namespace millrace::detail {

/// A Made, owned as its base.
template <class Base, class Made, class... Args>
[[nodiscard]] std::unique_ptr<Base> make_as(Args&&... args) {
  return std::unique_ptr<Base>(new Made(std::forward<Args>(args)...));
}

/// A Made, shared as its base T; one allocation more than std::make_shared makes.
template <class T, class Made = T, class... Args>
[[nodiscard]] std::shared_ptr<T> share(Args&&... args) {
  return std::shared_ptr<T>(new Made{std::forward<Args>(args)...});  // NOLINT(modernize-make-shared)
}

}  // namespace millrace::detail
