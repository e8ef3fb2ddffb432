#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace {

/// The bytes that the caches of one stream thread may hold together. (Kafka Streams: `ThreadCache`.)
class CacheBudget {
 public:
  explicit CacheBudget(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// What the caches have counted, which is not always what they hold, and may be negative: see NamedCache.
  [[nodiscard]] std::int64_t used() const { return used_; }
  [[nodiscard]] bool exceeded() const { return std::cmp_greater(used_, limit_); }

 private:
  friend class NamedCache;

  std::size_t limit_;
  std::int64_t used_ = 0;
};

}  // namespace millrace
