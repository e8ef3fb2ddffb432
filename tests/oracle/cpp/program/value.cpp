// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/value.hpp"

#include "millrace/common/errors.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/windowed.hpp"

namespace oracle::program {

std::string text(const Dynamic& value) {
  if (value.string() != nullptr) return *value.string();
  return value.number() != nullptr ? std::to_string(*value.number()) : "null";
}

std::string text(const WindowedKey& key) {
  return "[" + text(key.key) + "@" + std::to_string(key.window.start) + "/" + std::to_string(key.window.end) + "]";
}

std::optional<std::string> bytes(const Dynamic& value) {
  if (value.is_null()) return std::nullopt;
  std::string out;
  DynamicSerde{value.string() != nullptr ? Type::string : Type::number}.serialize(value, out);
  return out;
}

namespace {

/// Decodes bytes as Java does: U+FFFD replaces bytes that are not UTF-8.
std::string decoded(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) {
    if ((c & 0xfe) == 0xfe) {
      result += "\xef\xbf\xbd";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

bool DynamicSerde::serialize(const Dynamic& value, std::string& out) const {
  if (value.is_null()) return false;
  if (!type.is_number && value.string() != nullptr) {
    out += *value.string();
  } else if (type.is_number && value.number() != nullptr) {
    millrace::Serde<std::int64_t>().serialize(*value.number(), out);
  } else {
    throw millrace::SerializationException("'" + text(value) + "' is not of the type that the program says");
  }
  return true;
}

Dynamic DynamicSerde::deserialize(millrace::BytesView bytes) const {
  if (!bytes) return {};
  if (!type.is_number) return decoded(*bytes);
  return millrace::Serde<std::int64_t>().deserialize(*bytes);
}

void WindowedKeySerde::serialize(std::string_view topic, const WindowedKey& key, std::string& out) const {
  if (type.windows == Type::Windows::session) {
    millrace::SessionWindowedSerde<Dynamic>(DynamicSerde{type}).serialize(topic, key, out);
  } else {
    millrace::TimeWindowedSerde<Dynamic>(millrace::Millis(type.window_size), DynamicSerde{type})
        .serialize(topic, key, out);
  }
}

WindowedKey WindowedKeySerde::deserialize(std::string_view topic, std::string_view bytes) const {
  if (type.windows == Type::Windows::session) {
    return millrace::SessionWindowedSerde<Dynamic>(DynamicSerde{type}).deserialize(topic, bytes);
  }
  return millrace::TimeWindowedSerde<Dynamic>(millrace::Millis(type.window_size), DynamicSerde{type})
      .deserialize(topic, bytes);
}

}  // namespace oracle::program
