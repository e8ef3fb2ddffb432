// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "millrace/common/time.hpp"

namespace millrace {

/// The result of a put into a versioned store.
struct VersionedPut {
  bool accepted = true;               ///< false: older than the history retention, so nothing was stored
  std::optional<Timestamp> valid_to;  ///< the end of the new version (exclusive, ms); nullopt: it is the latest

  bool operator==(const VersionedPut&) const = default;
};

}  // namespace millrace
