#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/detail/strong.hpp"
#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

/// Where a task's records go: sinks, changelogs, the dead-letter topic.
class TaskOutput : public RecordCollector {
 public:
  /// Announces a changelog partition; the token is for the two calls below.
  [[nodiscard]] virtual std::uint64_t open_changelog(const TopicPartition& changelog) = 0;
  virtual void close_changelog(std::uint64_t token) = 0;

  virtual void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                              const Headers* headers) = 0;

  /// The offset behind the last record of this changelog that the broker has confirmed; nullopt: none was sent.
  [[nodiscard]] virtual std::optional<Offset> confirmed_offset(std::uint64_t token) const = 0;
};

}  // namespace millrace::detail
