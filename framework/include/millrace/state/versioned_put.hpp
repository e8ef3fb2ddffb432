#pragma once

#include <optional>

#include "millrace/common/time.hpp"

namespace millrace {

/// What a put into a versioned store came to.
struct VersionedPut {
  bool accepted = true;               ///< false: older than the history retention, nothing was stored
  std::optional<Timestamp> valid_to;  ///< when the version that was put ends; nullopt: it is the latest

  bool operator==(const VersionedPut&) const = default;
};

}  // namespace millrace
