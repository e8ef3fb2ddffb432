#include "topics/record_json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>

namespace topics {
namespace {

/// Keeps the fields in the order below.
using Json = nlohmann::ordered_json;

/// JSON strings must be UTF-8, so other bytes are shown in hex.
Json bytes_json(millrace::BytesView bytes) {
  if (!bytes) return nullptr;
  if (simdjson::validate_utf8(bytes->data(), bytes->size())) return std::string{*bytes};
  std::string hex;
  for (const char byte : *bytes) fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(byte));
  return {{"hex", hex}};
}

}  // namespace

std::string record_json(const millrace::ConsumerRecord& record) {
  auto headers = Json::array();
  for (const auto& header : record.headers) {
    headers.push_back({{"key", bytes_json(header.key)}, {"value", header.value ? bytes_json(*header.value) : Json()}});
  }
  return Json{{"topic", *record.topic},
              {"partition", record.partition},
              {"offset", record.offset},
              {"timestamp", record.timestamp},
              {"key", bytes_json(record.key)},
              {"value", bytes_json(record.value)},
              {"headers", headers}}
      .dump();
}

}  // namespace topics
