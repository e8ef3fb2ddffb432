#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace::detail {

/// The bytes that the caches of one stream thread may hold together. (Kafka Streams: `ThreadCache`.)
class CacheBudget {
 public:
  explicit CacheBudget(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// Whether there is room for no more than some hundreds of entries, so that a walk may pass them all.
  [[nodiscard]] bool is_small() const { return limit_ <= kSmallBytes; }
  /// What the caches have counted, which is not always what they hold, and may be negative: see NamedCache.
  [[nodiscard]] std::int64_t used() const { return used_; }
  [[nodiscard]] bool exceeded() const { return std::cmp_greater(used_, limit_); }

 private:
  friend class NamedCache;

  static constexpr std::size_t kSmallBytes = 64u << 10;

  std::size_t limit_;
  std::int64_t used_ = 0;
};

}  // namespace millrace::detail
