// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// A copy of the record context that was current when an entry was put into a cache. (Kafka Streams: the
/// `ProcessorRecordContext` of an `LRUCacheEntry`.)
///
/// The cache owns it. It is needed when the change leaves the cache: the changelog record gets this timestamp, and
/// downstream processors and error handlers see this topic, partition, offset and these headers.
struct KeptContext {
  /// Key and value bytes as the source topic had them. Dead letter queues and error handlers get them.
  struct Raw {
    std::optional<std::string> key;
    std::optional<std::string> value;
  };

  const std::string* topic = nullptr;  ///< owned by the RecordContextHolder; null outside of records (punctuation)
  std::int32_t partition = -1;         ///< -1 outside of records
  std::int64_t offset = -1;            ///< of the record in its source topic; -1 outside of records
  Timestamp timestamp = kNoTimestamp;
  Headers headers;
  std::unique_ptr<Raw> raw;  ///< null: no handler is configured that could ask for the bytes
};

/// Keeps record contexts for the caches, and makes a kept one current again. The task implements this. It outlives its
/// stores and their caches. One thread.
class RecordContextHolder {
 public:
  virtual ~RecordContextHolder() = default;

  /// Overwrites `context` with the task's current record context.
  virtual void keep(KeptContext& context) = 0;
  /// Calls `action` while `context` is the task's current one, and restores the former context afterwards, also if
  /// `action` throws.
  virtual void run_under(const KeptContext& context, FunctionRef<void()> action) = 0;
};

}  // namespace millrace::detail
