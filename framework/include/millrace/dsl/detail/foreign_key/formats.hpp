#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/serde/serde.hpp"

// What travels between the two sides of a foreign-key join, byte for byte as Kafka Streams has it.

namespace millrace::detail {

/// MurmurHash3_x64_128 with Kafka Streams' seed.
struct ValueHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const ValueHash&) const = default;
};
[[nodiscard]] ValueHash hash_value(std::string_view bytes);

/// What the right side is to do with a subscription.
enum class SubscriptionInstruction : std::uint8_t {
  delete_no_propagate = 0,
  delete_and_propagate = 1,
  propagate_null_if_no_value = 2,
  propagate_only_if_value = 3,
};

/// A left row's wish to be told of a right row.
///
///     | version, bit 80 set without hash | instruction | hash (16) | primary key ... | primary partition (4) |
///
/// Version 1. Version 0, which is read as well, has no partition at the end.
struct Subscription {
  std::optional<ValueHash> hash;  ///< of the left row's value; none: the row is gone
  SubscriptionInstruction instruction = SubscriptionInstruction::delete_no_propagate;
  std::string primary_key;  ///< its bytes
  std::optional<std::int32_t> primary_partition;
  std::uint8_t version = 1;
};

/// Throws SerializationException for what is neither version.
struct SubscriptionSerde {
  void serialize(const Subscription& subscription, std::string& out) const;
  [[nodiscard]] Subscription deserialize(std::string_view bytes) const;
};

/// The key of a subscription in its store: `length of foreign key (4) | foreign key | primary key`. Without primary key
/// it is the prefix that all subscriptions of a foreign key share.
[[nodiscard]] std::string combined_key(std::string_view foreign_key, std::string_view primary_key);
[[nodiscard]] std::string_view primary_key_of(std::string_view combined_key);
/// The first key that is larger than all with this prefix.
[[nodiscard]] std::string after_prefix(std::string prefix);

/// The right side's answer: `version 0, bit 80 set without hash | hash (16) | foreign value ...`; no bytes: no value.
struct ResponseBytes {
  std::optional<ValueHash> hash;
  BytesView value;
};
void append_response_head(std::string& out, const std::optional<ValueHash>& hash);
[[nodiscard]] ResponseBytes read_response(std::string_view bytes);

template <class VO>
struct ForeignResponse {
  std::optional<ValueHash> hash;
  std::optional<VO> value;
  std::optional<std::int32_t> primary_partition;  ///< where the answer goes; not part of the bytes
};

template <class VO>
struct ForeignResponseSerde {
  AnySerde<VO> inner;

  void serialize(std::string_view topic, const ForeignResponse<VO>& response, std::string& out) const {
    append_response_head(out, response.hash);
    if (response.value) (void)inner.serialize(topic, *response.value, out);
  }
  [[nodiscard]] ForeignResponse<VO> deserialize(std::string_view topic, std::string_view bytes) const {
    const ResponseBytes parts = read_response(bytes);
    ForeignResponse<VO> response;
    response.hash = parts.hash;
    if (parts.value) response.value = inner.deserialize(topic, parts.value);
    return response;
  }
};

}  // namespace millrace::detail
