#pragma once

#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// Where a store's changes go: one changelog partition. Implemented by the task's record collector.
class ChangelogWriter {
 public:
  virtual ~ChangelogWriter() = default;

  /// `headers` may be null (none). Views are copied.
  virtual void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) = 0;

  /// Timestamp and headers of the record that the task is processing right now; null headers: none.
  [[nodiscard]] virtual Timestamp current_timestamp() const = 0;
  [[nodiscard]] virtual const Headers* current_headers() const = 0;
};

}  // namespace millrace
