// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"
#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

/// The position and headers of a record that waits in a buffer. (Kafka Streams: `ProcessorRecordContext`.)
struct BufferedContext {
  Timestamp timestamp = kNoTimestamp;  ///< ms since the epoch
  std::int64_t offset = -1;            ///< of the source record; -1: none
  std::string topic;
  std::int32_t partition = -1;  ///< -1: none
  Headers headers;
  /// The bytes that the source read, for dead letter queues. In memory only: they are not in the changelog and do not
  /// count against a buffer's limit.
  std::optional<std::string> raw_key;
  std::optional<std::string> raw_value;

  /// The context of the current record. `of` leaves out the raw key and value, for buffers that Java keeps as bytes.
  [[nodiscard]] static BufferedContext of(const CurrentRecord& record);
  /// As of(), with the raw key and value, if the task keeps them for handlers or dead letter queues.
  [[nodiscard]] static BufferedContext with_raw(const CurrentRecord& record);
  /// Bytes, as Kafka Streams counts them against a buffer's limit.
  [[nodiscard]] std::int64_t size_in_memory() const;
};

/// While it exists, a buffered record is the task's current record. The previous record is restored at the end.
class BufferedScope {
 public:
  BufferedScope(TaskContext& task, const BufferedContext& context);

 private:
  // In this order: scope_ points to origin_.
  RecordOrigin origin_;
  RecordScope scope_;
};

/// The entry of one key in a buffer: the value before the first buffered change, and the latest change.
struct BufferedValue {
  /// The table's value before the first buffered change; nullopt: the key was new.
  std::optional<std::string> prior;
  std::optional<std::string> old_value;  ///< of the latest change
  std::optional<std::string> new_value;  ///< of the latest change; nullopt: a deletion
  BufferedContext context;

  /// Bytes, as Kafka Streams counts them against a buffer's limit.
  [[nodiscard]] std::int64_t size_in_memory() const;
};

/// The value in a buffer's changelog, in the format of Kafka Streams (version 3). Integers are big-endian. Each length
/// has four bytes and is -1 for null. An old-value length of -2 means "the same as prior, and not null".
///
///     timestamp(8) offset(8) length topic partition(4) number of headers(4) { length key, length value }
///     length prior | length old | length new
///     buffer time(8)
[[nodiscard]] std::string write_buffered(const BufferedValue& value, Timestamp buffer_time);

/// `buffer_time`: the stream time of the change in ms. It decides when the change leaves the buffer.
struct ReadBuffered {
  Timestamp buffer_time = 0;
  BufferedValue value;
};

/// Reads a changelog value of version 3, or of an older version that Kafka Streams still reads. `version` is the byte
/// in the header `v`, 0 without this header. Versions 0 and 1 lack some parts: these are taken from `record` and from
/// `known_prior`, the prior value that the buffer has for the key already. Throws SerializationException.
[[nodiscard]] ReadBuffered read_buffered(int version, std::string_view bytes, const BufferedContext& record,
                                         const std::optional<std::string>* known_prior);

}  // namespace millrace::detail
