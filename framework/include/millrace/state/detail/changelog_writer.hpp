// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"
#include "millrace/state/custom_store.hpp"

namespace millrace::detail {

/// The changelog partition of one store, as Millrace's own stores see it. The task implements it. One thread.
class ChangelogWriter : public StoreChangelog {
 public:
  /// The timestamp (ms) and headers of the record that the task is processing now. Null headers: none.
  [[nodiscard]] virtual Timestamp current_timestamp() const = 0;
  [[nodiscard]] virtual const Headers* current_headers() const = 0;
};

}  // namespace millrace::detail
