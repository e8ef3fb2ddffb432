// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace millrace::detail {

/// The bytes of memory that the record caches of one stream thread share. (Kafka Streams: `ThreadCache`.)
///
/// The stream thread owns the budget. Its tasks' caches count into it and must be destroyed before it. One thread.
class CacheBudget {
 public:
  /// `limit`: bytes, this thread's part of statestore.cache.max.bytes. If that setting is 0, there is no
  /// budget and no cache.
  explicit CacheBudget(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  /// A cache tests this after each put. It then frees its own entries only, not those of other stores.
  [[nodiscard]] bool exceeded() const { return used_ > limit_; }

 private:
  // Only NamedCache counts bytes, so each byte is added and taken away by the same cache.
  friend class NamedCache;

  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace millrace::detail
