// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace millrace {

/// An update of one key of a table, as table operators pass it on. nullopt means that the key has no value. The old
/// value is only set if an operator downstream needs it. (Kafka Streams: `Change`.)
template <class V>
struct Change {
  std::optional<V> new_value;  ///< nullopt: the key is deleted
  std::optional<V> old_value;  ///< nullopt: the key is new, or nobody needs the old value
  bool is_latest = true;       ///< false: the update is out of order, and the table has a later value already

  bool operator==(const Change&) const = default;
};

}  // namespace millrace
