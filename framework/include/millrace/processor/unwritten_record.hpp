// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// The part of a record that its serde could not serialize. (Kafka Streams: `SerializationExceptionOrigin`.)
enum class SerializationOrigin { key, value };

namespace detail {
/// An empty list that lives until the process ends.
[[nodiscard]] const Headers& no_headers();
}  // namespace detail

/// A record that a sink could not write, as bytes. The views are valid during the handler's call. (Kafka Streams: the
/// `ProducerRecord` that a `ProductionExceptionHandler` gets.)
struct UnwrittenRecord {
  std::string topic;
  std::optional<std::int32_t> partition;           ///< unset: the producer would have chosen it by the key
  BytesView key;                                   ///< nullopt: null, or the key could not be serialized
  BytesView value;                                 ///< nullopt: null, or key or value could not be serialized
  Timestamp timestamp = kNoTimestamp;              ///< ms since the epoch
  const Headers* headers = &detail::no_headers();  ///< never null
  /// What could not be serialized. Unset: the record was serialized and sent, but the broker refused it.
  std::optional<SerializationOrigin> unserialized;
};

}  // namespace millrace
