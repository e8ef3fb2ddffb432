#pragma once

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"
#include "millrace/state/custom_store.hpp"

namespace millrace::detail {

/// Where the engine's own stores send their changes: one changelog partition. Implemented by the task.
class ChangelogWriter : public StoreChangelog {
 public:
  /// Timestamp and headers of the record that the task is processing right now; null headers: none.
  [[nodiscard]] virtual Timestamp current_timestamp() const = 0;
  [[nodiscard]] virtual const Headers* current_headers() const = 0;
};

}  // namespace millrace::detail
