#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// The part of a record that its serde could not write. (Kafka Streams: `SerializationExceptionOrigin`.)
enum class SerializationOrigin { key, value };

namespace detail {
[[nodiscard]] const Headers& no_headers();
}

/// A record that a sink could not write, as bytes. Views are valid during the call that it is passed to.
/// (Kafka Streams: the `ProducerRecord` that a `ProductionExceptionHandler` gets.)
struct UnwrittenRecord {
  std::string topic;
  std::optional<std::int32_t> partition;           ///< unset: the producer was to choose it by the key
  BytesView key;                                   ///< none also if it is what could not be serialized
  BytesView value;                                 ///< none also if it or the key could not be serialized
  Timestamp timestamp = kNoTimestamp;              ///< ms since the epoch
  const Headers* headers = &detail::no_headers();  ///< never null
  /// What could not be serialized; unset: nothing, the record was sent and refused.
  std::optional<SerializationOrigin> unserialized;
};

}  // namespace millrace
