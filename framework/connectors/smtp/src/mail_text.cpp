// SPDX-License-Identifier: Apache-2.0
#include "mail_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "common/visible.hpp"

namespace millrace::connect::detail {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::size_t kLine = 76;
/// Bytes per encoded word: with base64 and its frame, at most 75 characters, RFC 2047's limit.
constexpr std::size_t kBytesPerWord = 42;
constexpr std::size_t kShortHeader = 60;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const unsigned group = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
    out += kAlphabet[(group >> 18U) & 63U];
    out += kAlphabet[(group >> 12U) & 63U];
    out += i + 1 < bytes.size() ? kAlphabet[(group >> 6U) & 63U] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63U] : '=';
  }
  return out;
}

std::string joined(const std::vector<std::string>& addresses) {
  std::string out;
  for (const auto& address : addresses) out += (out.empty() ? "<" : ",\r\n <") + address + ">";
  return out;
}

}  // namespace

std::string encoded_header(std::string_view text) {
  const auto printable = [](unsigned char c) { return c >= 0x20 && c < 0x7f; };
  if (text.size() <= kShortHeader && std::ranges::all_of(text, printable) &&
      text.find("=?") == std::string_view::npos) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    std::size_t size = 0;
    std::string word;
    // Words end between characters. What is not UTF-8 becomes visible.
    while (!text.empty()) {
      size = millrace::detail::utf8_sequence(text);
      const std::string part =
          size > 0 ? std::string(text.substr(0, size)) : millrace::detail::visible(text.substr(0, 1));
      if (word.size() + part.size() > kBytesPerWord) break;
      word += part;
      text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(word) + "?=";
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::string line;
  const auto end_line = [&](std::string_view end) {
    out += line;
    out += end;
    line.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      end_line("\r\n");
      continue;
    }
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    const bool last = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    std::string token;
    // A blank at the end of a line would get lost.
    if (((c >= 0x21 && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !last))) {
      token = static_cast<char>(c);
    } else {
      token = {'=', kHex[c >> 4U], kHex[c & 0xFU]};
    }
    if (line.size() + token.size() > kLine - 1) end_line("=\r\n");
    line += token;
  }
  if (!line.empty()) end_line("\r\n");
  return out;
}

std::string mail_date(Timestamp time) {
  using namespace std::chrono;
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_time<milliseconds> point{milliseconds(time)};
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(point - day));
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000", kDays.at(weekday(day).c_encoding()),
                static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
                static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string mail_text(const Mail& mail) {
  return "Date: " + mail_date(mail.date) + "\r\nFrom: <" + mail.from + ">\r\nTo: " + joined(mail.to) +
         "\r\nSubject: " + encoded_header(mail.subject) + "\r\nMessage-ID: <" + mail.message_id +
         ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
         quoted_printable(mail.text);
}

}  // namespace millrace::connect::detail
