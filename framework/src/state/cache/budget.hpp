#pragma once

#include <cstddef>

namespace millrace::detail {

/// The bytes of memory that the caches of one stream thread may hold together. Threads: one.
/// (Kafka Streams: `ThreadCache`.)
class CacheBudget {
 public:
  explicit CacheBudget(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] bool exceeded() const { return used_ > limit_; }

 private:
  friend class NamedCache;

  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace millrace::detail
