#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// The record that a task worked on when an entry was put into a cache.
struct KeptContext {
  std::optional<std::string> topic;  ///< nullopt outside of records (punctuation)
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  Timestamp timestamp = kNoTimestamp;
  Headers headers;
  std::optional<std::string> raw_key;
  std::optional<std::string> raw_value;

  /// What Java counts for it. The raw key and value are not in it.
  [[nodiscard]] std::size_t counted_bytes() const {
    std::size_t bytes = 8 + 8 + 4 + (topic ? topic->size() : 0);
    for (const Header& header : headers) bytes += header.key.size() + (header.value ? header.value->size() : 0);
    return bytes;
  }
};

/// Whose record context caches keep and put in force again: the task.
class RecordContextHolder {
 public:
  virtual ~RecordContextHolder() = default;

  virtual void keep(KeptContext& context) const = 0;
  /// Calls `action` while `context` is in force.
  virtual void run_under(const KeptContext& context, FunctionRef<void()> action) = 0;
};

}  // namespace millrace::detail
