// SPDX-License-Identifier: Apache-2.0
#include "millrace/app/bytes_format.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "millrace/app/detail/utc_text.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/uuid.hpp"

namespace millrace {
namespace {

std::string hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

std::string base64(std::string_view bytes) {
  using namespace boost::archive::iterators;
  using Digits = base64_from_binary<transform_width<const char*, 6, 8>>;
  // The iterator may read the byte after the last one. In a string this is a zero, as the encoding needs it.
  const std::string terminated(bytes);
  std::string digits(Digits(terminated.data()), Digits(terminated.data() + terminated.size()));
  digits.append((3 - bytes.size() % 3) % 3, '=');
  return digits;
}

Shown text(std::string_view text) { return {detail::json_string(text), detail::terminal_text(text), {}}; }
/// For JSON that people read as it is.
Shown same(const std::string& json) { return {json, json, {}}; }

Shown show_auto(std::string_view bytes) {
  if (simdjson::validate_utf8(bytes)) return text(bytes);
  return same(R"({"hex":")" + hex(bytes) + R"("})");
}

Shown show_json(std::string_view bytes) {
  // The parser allows a byte order mark, but inside a line of JSON the mark would be an error.
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  try {
    // The text itself is printed, not what the parser made of it: numbers keep all their digits.
    [[maybe_unused]] const auto checked = nlohmann::json::parse(bytes);
  } catch (const nlohmann::json::exception& error) {
    throw SerializationException(std::string("not JSON: ") + error.what());
  }
  std::string line(bytes.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  const std::string padded = std::string(bytes) + std::string(simdjson::SIMDJSON_PADDING, ' ');
  if (const auto error = simdjson::minify(padded.data(), bytes.size(), line.data(), size)) {
    throw SerializationException(std::string("not JSON: ") + simdjson::error_message(error));
  }
  line.resize(size);
  return same(line);
}

template <class T>
Shown show_number(std::string_view bytes) {
  const auto number = Serde<T>().deserialize(bytes);
  if constexpr (std::is_floating_point_v<T>) {
    // JSON has no such numbers.
    if (std::isnan(number)) return text("NaN");
    if (std::isinf(number)) return text(number > 0 ? "Infinity" : "-Infinity");
    auto digits = fmt::format("{}", number);
    // "5" would look like an integer.
    if (digits.find_first_not_of("-0123456789") == std::string::npos) digits += ".0";
    return same(digits);
  } else {
    return same(fmt::format("{}", number));
  }
}

/// Splits `size` bytes off the end. Throws SerializationException if there are fewer.
std::string_view take_suffix(std::string_view& bytes, std::size_t size, const char* what) {
  if (bytes.size() < size) {
    throw SerializationException(fmt::format("{} has {} bytes; it needs at least {}", what, bytes.size(), size));
  }
  const auto suffix = bytes.substr(bytes.size() - size);
  bytes.remove_suffix(size);
  return suffix;
}

Timestamp window_time(std::string_view eight_bytes, const char* what) {
  const Timestamp time = Serde<std::int64_t>().deserialize(eight_bytes);
  // Windows never begin before the epoch, so these bytes are something else.
  if (time < 0) throw SerializationException(fmt::format("{} has the time {}, which is before 1970", what, time));
  return time;
}

using Show = std::function<Shown(std::string_view)>;

Show windowed(const Show& inner) {
  return [inner](std::string_view bytes) -> Shown {
    const auto start = window_time(take_suffix(bytes, 8, "a windowed key"), "a windowed key");
    const auto key = inner(bytes);
    return {fmt::format(R"({{"key":{},"start":{}}})", key.json, start),
            fmt::format("[{}@{}]", key.text, detail::utc_text(start)),
            {}};
  };
}

Show session(const Show& inner) {
  return [inner](std::string_view bytes) -> Shown {
    const auto suffix = take_suffix(bytes, 16, "a session key");
    const auto end = window_time(suffix.substr(0, 8), "a session key");
    const auto start = window_time(suffix.substr(8), "a session key");
    if (end < start) {
      throw SerializationException(fmt::format("a session key has the end {} before its start {}", end, start));
    }
    const auto key = inner(bytes);
    return {fmt::format(R"({{"key":{},"start":{},"end":{}}})", key.json, start, end),
            fmt::format("[{}@{}/{}]", key.text, detail::utc_text(start), detail::utc_text(end)),
            {}};
  };
}

Show window_store(const Show& inner) {
  return [inner](std::string_view bytes) -> Shown {
    const auto suffix = take_suffix(bytes, 12, "a window store's key");
    const auto start = window_time(suffix.substr(0, 8), "a window store's key");
    const auto seq = Serde<std::int32_t>().deserialize(suffix.substr(8));
    const auto key = inner(bytes);
    return {fmt::format(R"({{"key":{},"start":{},"seq":{}}})", key.json, start, seq),
            fmt::format("[{}@{}#{}]", key.text, detail::utc_text(start), seq),
            {}};
  };
}

const std::map<std::string_view, Show>& simple_formats() {
  static const std::map<std::string_view, Show> formats{
      {"auto", show_auto},
      {"string", [](std::string_view bytes) { return text(Serde<std::string>().deserialize(bytes)); }},
      {"short", show_number<std::int16_t>},
      {"integer", show_number<std::int32_t>},
      {"long", show_number<std::int64_t>},
      {"float", show_number<float>},
      {"double", show_number<double>},
      {"boolean", [](std::string_view bytes) { return same(Serde<bool>().deserialize(bytes) ? "true" : "false"); }},
      {"uuid", [](std::string_view bytes) { return text(to_string(Serde<Uuid>().deserialize(bytes))); }},
      {"json", show_json},
      {"hex", [](std::string_view bytes) { return text(hex(bytes)); }},
      {"base64", [](std::string_view bytes) { return text(base64(bytes)); }},
  };
  return formats;
}

/// The format of this name, or null.
Show find(std::string_view name) {
  if (const auto simple = simple_formats().find(name); simple != simple_formats().end()) return simple->second;
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const auto outer = name.substr(0, colon);
  // A window is never inside another one. Without this check, a long argument would nest calls without a limit.
  const auto inner = simple_formats().find(name.substr(colon + 1));
  if (inner == simple_formats().end()) return nullptr;
  if (outer == "windowed") return windowed(inner->second);
  if (outer == "session") return session(inner->second);
  if (outer == "window-store") return window_store(inner->second);
  return nullptr;
}

}  // namespace

BytesFormat BytesFormat::parse(std::string_view name) {
  if (auto show = find(name)) return BytesFormat(std::move(show));
  throw std::invalid_argument(fmt::format("there is no format '{}', only {}", name, kBytesFormatNames));
}

Shown BytesFormat::show(BytesView bytes) const {
  if (!bytes) return same("null");
  try {
    return show_(*bytes);
  } catch (const SerializationException& error) {
    auto shown = same(R"({"hex":")" + hex(*bytes) + R"("})");
    shown.problem = error.what();
    return shown;
  }
}

std::string detail::json_string(std::string_view text) { return nlohmann::json(text).dump(); }

std::string detail::terminal_text(std::string_view text) {
  // C0 and DEL, and C1, which are two bytes in UTF-8. Terminals may act on them.
  const auto controls = [](std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      if (byte < 0x20 || byte == 0x7f) return true;
      if (byte == 0xc2 && i + 1 < bytes.size() && static_cast<unsigned char>(bytes[i + 1]) < 0xa0) return true;
    }
    return false;
  };
  if (controls(text)) return nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/true);
  return text.empty() || text == "null" || text.front() == '"' ? json_string(text) : std::string(text);
}

}  // namespace millrace
