#include "utf8.hpp"

#include <simdjson.h>

#include <algorithm>

namespace millrace::detail {
namespace {

/// The length of the valid sequence at the front of `bytes` (Unicode standard, table 3-7). 0: there is none. Needed
/// because simdjson only says whether the whole text is valid.
std::size_t sequence_length(std::string_view bytes) {
  // Beyond the end there is a 0, which continues no sequence.
  auto byte = [&](std::size_t i) -> unsigned { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // no code points beyond U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

// Only for error texts, so it need not be fast.
std::size_t first_invalid_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::size_t length = sequence_length(bytes.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return bytes.size();
}

std::string excerpt(std::string_view bytes, std::size_t limit) {
  std::string text;
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::size_t length = sequence_length(bytes.substr(at));
    // A sequence that does not fit is left out as a whole.
    if (at + std::max<std::size_t>(length, 1) > limit) break;
    // Control characters could break the log line or the terminal that shows the text.
    unsigned char lead = static_cast<unsigned char>(bytes[at]);
    if (length == 0 || lead < 0x20 || lead == 0x7F) {
      text += '?';
      ++at;
    } else {
      text.append(bytes.substr(at, length));
      at += length;
    }
  }
  if (at < bytes.size()) text += "...";
  return text;
}

}  // namespace millrace::detail
