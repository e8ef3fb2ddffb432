#pragma once

#include <boost/uuid/uuid.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/serde/serde.hpp"

namespace millrace {

using Uuid = boost::uuids::uuid;

/// The 36 characters 8-4-4-4-12, lower case when written, as Kafka's UUID serde.
/// (Java also reads shortened groups such as "1-1-1-1-1"; no writer produces them and they are refused here.)
template <>
struct Serde<Uuid> {
  static constexpr std::int32_t kFixedSize = 36;

  void serialize(const Uuid& value, std::string& out) const;
  Uuid deserialize(std::string_view bytes) const;
};

}  // namespace millrace
