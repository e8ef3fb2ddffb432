#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// The record that a task worked on when an entry was put into a cache.
struct KeptContext {
  /// The record as its source read it, for dead letters and error handlers.
  struct Raw {
    std::optional<std::string> key;
    std::optional<std::string> value;
  };

  const std::string* topic = nullptr;  ///< owned by the RecordContextHolder; null outside of records (punctuation)
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  Timestamp timestamp = kNoTimestamp;
  Headers headers;
  std::unique_ptr<Raw> raw;  ///< null: nobody can ask for it
};

/// Whose record context caches keep and put in force again: the task.
class RecordContextHolder {
 public:
  virtual ~RecordContextHolder() = default;

  virtual void keep(KeptContext& context) = 0;
  /// Calls `action` while `context` is in force.
  virtual void run_under(const KeptContext& context, FunctionRef<void()> action) = 0;
};

}  // namespace millrace::detail
