// SPDX-License-Identifier: Apache-2.0
#include "common/visible.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace millrace::detail {
namespace {

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7F; }

/// The code point of a UTF-8 sequence. REQUIRES: `sequence` is a complete sequence of 2 or 3 bytes. Sequences of 4
/// bytes have no invisible characters that are escaped here.
unsigned code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 2) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
}

/// Whether a character has no visible glyph: C1 controls, the no-break space, zero-width characters, directional marks,
/// line separators, and the byte order mark.
bool is_invisible(unsigned code) {
  return (code >= 0x80 && code <= 0xA0) || code == 0xAD || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202F) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

template <class... Arguments>
void append(std::string& text, const char* format, Arguments... arguments) {
  std::array<char, 16> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), format, arguments...);
  text.append(buffer.data(), static_cast<std::size_t>(size));
}

std::string shown(std::string_view bytes, std::size_t limit, bool lines) {
  std::string text;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = utf8_sequence(bytes.substr(at));
    // A sequence that exceeds the limit is left out completely.
    if (at + std::max<std::size_t>(length, 1) > limit) break;
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const bool kept = lines && (lead == '\n' || lead == '\t');
    if (length == 0 || (is_control(lead) && !kept)) {
      append(text, "\\x%02x", lead);
      ++at;
      continue;
    }
    const auto sequence = bytes.substr(at, length);
    if ((length == 2 || length == 3) && is_invisible(code_point(sequence))) {
      append(text, "\\u%04x", code_point(sequence));
    } else {
      text.append(sequence);
    }
    at += length;
  }
  if (at < bytes.size()) text += "...";
  return text;
}

}  // namespace

std::size_t utf8_sequence(std::string_view bytes) {
  // Past the end, the next byte counts as 0, which is not a continuation byte.
  auto byte = [&](std::size_t i) -> unsigned { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  unsigned lead = byte(0);
  if (bytes.empty()) return 0;
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

std::string visible(std::string_view bytes, std::size_t limit) { return shown(bytes, limit, false); }

std::string visible_lines(std::string_view bytes) {
  // The usual case: nearly every line is plain ASCII.
  const bool plain =
      std::ranges::all_of(bytes, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t'; });
  return plain ? std::string(bytes) : shown(bytes, std::string_view::npos, true);
}

}  // namespace millrace::detail
