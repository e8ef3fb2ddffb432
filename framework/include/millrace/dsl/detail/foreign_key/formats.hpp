// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/serde/serde.hpp"

// The messages between the two sides of a foreign-key join. The bytes equal those of Kafka Streams.

namespace millrace::detail {

/// MurmurHash3_x64_128 of a value, with Kafka Streams' seed. It identifies a left value in messages. Kafka Streams uses
/// the same 16 bytes, big-endian, high part first.
struct ValueHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const ValueHash&) const = default;
};
/// Hashes the serialized value. Any thread.
[[nodiscard]] ValueHash hash_value(std::string_view bytes);

/// What the right side does with a subscription. The numbers are part of the format.
enum class SubscriptionInstruction : std::uint8_t {
  delete_no_propagate = 0,         ///< remove the subscription, send no response
  delete_and_propagate = 1,        ///< remove it, and send a response without a value
  propagate_null_if_no_value = 2,  ///< store it, and always send a response
  propagate_only_if_value = 3,     ///< store it, and send a response only if the right row exists
};

/// A subscription: a left row asks for the changes of a right row. (Kafka Streams: `SubscriptionWrapper`.)
///
///     | version, bit 80 set without hash | instruction | hash (16) | primary key ... | primary partition (4) |
///
/// Written as version 1. Version 0 is read as well; it has no partition at the end. Integers are big-endian.
struct Subscription {
  std::optional<ValueHash> hash;  ///< of the left row's value; nullopt: the row is deleted
  SubscriptionInstruction instruction = SubscriptionInstruction::delete_no_propagate;
  std::string primary_key;                        ///< the left row's key, serialized
  std::optional<std::int32_t> primary_partition;  ///< the left row's partition, where the response must go
  std::uint8_t version = 1;
};

/// The serde of a Subscription. deserialize() throws SerializationException if the bytes have neither version.
struct SubscriptionSerde {
  void serialize(const Subscription& subscription, std::string& out) const;
  [[nodiscard]] Subscription deserialize(std::string_view bytes) const;
};

/// A subscription's key in its store: `length of foreign key (4) | foreign key | primary key`. With an empty primary
/// key it is the common prefix of all subscriptions to a foreign key.
[[nodiscard]] std::string combined_key(std::string_view foreign_key, std::string_view primary_key);
/// The primary key in a combined key; a view of it. Throws SerializationException if the key is too short.
[[nodiscard]] std::string_view primary_key_of(std::string_view combined_key);
/// The smallest key that is larger than all keys with this prefix. Throws SerializationException if there is none.
[[nodiscard]] std::string after_prefix(std::string prefix);

/// The response of the right side: `version 0, bit 80 set without hash | hash (16) | foreign value ...`. No bytes after
/// the hash means that there is no value. `value` is a view of the bytes. (Kafka Streams:
/// `SubscriptionResponseWrapper`.)
struct ResponseBytes {
  std::optional<ValueHash> hash;
  BytesView value;
};
/// Appends everything but the value.
void append_response_head(std::string& out, const std::optional<ValueHash>& hash);
/// Throws SerializationException for an unknown version, and for bytes that end within the hash.
[[nodiscard]] ResponseBytes read_response(std::string_view bytes);

/// A response with types. `hash` is copied from the subscription, so the left side can recognise an outdated response.
template <class VO>
struct ForeignResponse {
  std::optional<ValueHash> hash;
  std::optional<VO> value;
  std::optional<std::int32_t> primary_partition;  ///< the partition to send it to; not part of the bytes
};

/// The serde of a response. `inner` is that of the right table's values. `primary_partition` is lost: it only chooses
/// the partition of the topic.
template <class VO>
struct ForeignResponseSerde {
  AnySerde<VO> inner;

  void serialize(std::string_view topic, Headers* headers, const ForeignResponse<VO>& response,
                 std::string& out) const {
    append_response_head(out, response.hash);
    if (response.value) (void)inner.serialize(topic, headers, *response.value, out);
  }
  [[nodiscard]] ForeignResponse<VO> deserialize(std::string_view topic, const Headers* headers,
                                                std::string_view bytes) const {
    const ResponseBytes parts = read_response(bytes);
    ForeignResponse<VO> response;
    response.hash = parts.hash;
    if (parts.value) response.value = inner.deserialize(topic, headers, parts.value);
    return response;
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return inner.writes_headers(); }
  [[nodiscard]] bool has_life_cycle() const { return inner.has_life_cycle(); }
  void prepare(ConfiguredSerdes& application, bool is_key) { inner.prepare(application, is_key); }
};

}  // namespace millrace::detail
