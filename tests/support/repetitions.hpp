#pragma once

namespace millrace::test {

/// How often a test repeats something random: `times`, and a tenth of it under a sanitizer, where each one takes far
/// longer, exceptions above all.
[[nodiscard]] constexpr int repetitions(int times) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return times / 10;
#else
  return times;
#endif
}

}  // namespace millrace::test
