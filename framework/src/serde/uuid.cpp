// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/uuid.hpp"

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "millrace/common/errors.hpp"
#include "utf8.hpp"

namespace millrace {
namespace {

/// True for 8-4-4-4-12 hex digits. Boost's parser also accepts braces and text without dashes. Kafka's parser does not.
bool has_uuid_form(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char c = text[i];
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace

// As text, not as 16 bytes: Kafka's UUIDSerializer does the same.
void Serde<Uuid>::serialize(const Uuid& value, std::string& out) const { out += boost::uuids::to_string(value); }

Uuid Serde<Uuid>::deserialize(std::string_view bytes) const {
  if (!has_uuid_form(bytes)) {
    throw SerializationException("UUID: expected 36 characters as 123e4567-e89b-12d3-a456-426614174000, found " +
                                 std::to_string(bytes.size()) + " bytes: '" + detail::excerpt(bytes) + "'");
  }
  return boost::uuids::string_generator()(bytes.begin(), bytes.end());
}

}  // namespace millrace
