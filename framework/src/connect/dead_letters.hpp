// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"

namespace millrace::connect::detail {

/// Where a failed record came from. Empty or nullopt: not known.
struct FailedRecord {
  std::string_view connector;  ///< the program's application.id
  std::string_view topic;
  std::optional<std::int32_t> partition;
  std::optional<std::int64_t> offset;
  std::string_view reason;
};

/// The headers of a dead letter: those of the record, then those that Kafka Connect adds, `__connect.errors.*`.
[[nodiscard]] Headers dead_letter_headers(const Headers& headers, const FailedRecord& failed);

/// The start of a key or value for a message. "null" if there is none.
[[nodiscard]] std::string excerpt(BytesView bytes);

}  // namespace millrace::connect::detail
