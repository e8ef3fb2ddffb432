// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/uuid/uuid.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/serde/serde.hpp"

namespace millrace {

/// A UUID. (Kafka Streams: `java.util.UUID`.)
using Uuid = boost::uuids::uuid;

/// 36 characters in groups of 8-4-4-4-12 hex digits, written in lower case, like Kafka's UUID serde. Java also reads
/// shortened groups such as "1-1-1-1-1". No writer produces them, so they are an error here.
template <>
struct Serde<Uuid> {
  static constexpr std::int32_t kFixedSize = 36;

  void serialize(const Uuid& value, std::string& out) const;
  Uuid deserialize(std::string_view bytes) const;
};

}  // namespace millrace
