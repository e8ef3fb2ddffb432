#pragma once

#include <optional>

namespace millrace {

/// An update of a table as it travels between table operators: nullopt is the absence of the key.
/// The old value is there only if something downstream needs it. (Kafka Streams: `Change`.)
template <class V>
struct Change {
  std::optional<V> new_value;
  std::optional<V> old_value;
  bool is_latest = true;

  bool operator==(const Change&) const = default;
};

}  // namespace millrace
