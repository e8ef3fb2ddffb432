// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// The number of repetitions of a random test: `times`, or a tenth of `times` under a sanitizer, where each repetition
/// takes far longer, especially with exceptions.
[[nodiscard]] constexpr int repetitions(int times) { return kSanitized ? times / 10 : times; }

/// The factor for pauses after which a test assumes that threads are idle. Under a sanitizer, threads may need seconds
/// for work that otherwise takes milliseconds.
inline constexpr int kSlowness = kSanitized ? 5 : 1;

}  // namespace millrace::test
