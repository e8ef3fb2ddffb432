// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/log_seldom.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::kafka {

/// The log level for a line that librdkafka wrote. `syslog_level` is 0 (emergency) to 7 (debug). `facility` is
/// librdkafka's name for the kind of line, for example "FAIL".
[[nodiscard]] LogLevel log_level_for(int syslog_level, std::string_view facility);

/// A partition of which a consumer has asked for an offset that does not exist. librdkafka continues at the offset that
/// auto.offset.reset gives.
struct OffsetReset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t from = 0;  ///< the offset that does not exist
};
/// Parses a line of librdkafka's log, because librdkafka reports a reset only there. `line`: without the prefix
/// `[thrd:NAME]: `. Returns nullopt if the line is not about a reset.
[[nodiscard]] std::optional<OffsetReset> offset_reset(std::string_view facility, std::string_view line);

/// True for a line that says why a connection broke or could not be made.
[[nodiscard]] bool is_connection_failure(int syslog_level, std::string_view facility);

}  // namespace millrace::detail::kafka
