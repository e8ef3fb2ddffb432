#pragma once

namespace millrace::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// How often a test repeats something random: `times`, and a tenth of it under a sanitizer, where each one takes far
/// longer, exceptions above all.
[[nodiscard]] constexpr int repetitions(int times) { return kSanitized ? times / 10 : times; }

/// By how much a test multiplies a pause that it takes for rest: under a sanitizer threads that have work may need
/// seconds for what else takes milliseconds.
inline constexpr int kSlowness = kSanitized ? 5 : 1;

}  // namespace millrace::test
