#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"
#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

/// Where a record that waits in a buffer came from. (Kafka Streams: `ProcessorRecordContext`.)
struct BufferedContext {
  Timestamp timestamp = kNoTimestamp;
  std::int64_t offset = -1;
  std::string topic;
  std::int32_t partition = -1;
  Headers headers;
  /// As the source read them, for dead letters. In memory only: no changelog has them, and no limit counts them.
  std::optional<std::string> raw_key;
  std::optional<std::string> raw_value;

  /// Without the raw key and value, as of a buffer that Java keeps as bytes.
  [[nodiscard]] static BufferedContext of(const CurrentRecord& record);
  [[nodiscard]] static BufferedContext with_raw(const CurrentRecord& record);
  /// As Kafka Streams counts it against a buffer's limit.
  [[nodiscard]] std::int64_t size_in_memory() const;
};

/// Makes a buffered record the current one of its task and puts the previous one back in the end.
class BufferedScope {
 public:
  BufferedScope(TaskContext& task, const BufferedContext& context);

 private:
  RecordOrigin origin_;
  RecordScope scope_;
};

/// What a buffer holds of one key: the value before the first change that is held back, and the last change.
struct BufferedValue {
  std::optional<std::string> prior;
  std::optional<std::string> old_value;
  std::optional<std::string> new_value;
  BufferedContext context;

  [[nodiscard]] std::int64_t size_in_memory() const;
};

/// As the buffers' changelogs have it (integers big-endian, lengths of four bytes, -1 for null):
///
///     timestamp(8) offset(8) length topic partition(4) number of headers(4) { length key, length value }
///     length prior | length old | length new                         length of old -2: the same as prior, not null
///     buffer time(8)
[[nodiscard]] std::string write_buffered(const BufferedValue& value, Timestamp buffer_time);

struct ReadBuffered {
  Timestamp buffer_time = 0;
  BufferedValue value;
};

/// Reads a changelog record of version 3, or of an older one that Kafka Streams still reads: `version` is the byte of
/// the header `v`, 0 without it. `known_prior`: what the buffer has for the key already. Versions 0 and 1 lack parts
/// that `record` and `known_prior` give. Throws SerializationException.
[[nodiscard]] ReadBuffered read_buffered(int version, std::string_view bytes, const BufferedContext& record,
                                         const std::optional<std::string>* known_prior);

}  // namespace millrace::detail
