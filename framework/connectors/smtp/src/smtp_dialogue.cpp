// SPDX-License-Identifier: Apache-2.0
#include "smtp_dialogue.hpp"

#include <charconv>
#include <utility>

#include "common/visible.hpp"

namespace millrace::connect::detail {
namespace {

constexpr std::size_t kShown = 500;
constexpr std::size_t kStatusDigits = 3;

}  // namespace

void SmtpDialogue::sent(std::string_view text) {
  if (ended_) return;
  text = text.substr(0, text.find_first_of("\r\n"));
  // The client says good-bye after a refusal. The answer to that is not of interest.
  ended_ = text == "QUIT" || text == "RSET";
  command_ = text.substr(0, text.find(' '));
  if (command_ != "RCPT") return;
  const auto open = text.find('<');
  const auto close = text.rfind('>');
  recipient_ = open == std::string_view::npos || close == std::string_view::npos || close < open
                   ? ""
                   : text.substr(open + 1, close - open - 1);
}

void SmtpDialogue::received(std::string_view text) {
  while (!text.empty() && !ended_) {
    const auto end = text.find('\n');
    line(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

void SmtpDialogue::line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  int status = 0;
  const auto digits = text.substr(0, kStatusDigits);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  if (error != std::errc() || end != digits.data() + kStatusDigits) return;
  if (lines_.size() < kShown) lines_ += (lines_.empty() ? "" : " ") + millrace::detail::visible(text, kShown);
  if (text.size() > kStatusDigits && text[kStatusDigits] == '-') return;
  status_ = status;
  text_ = std::exchange(lines_, {});
  // After DATA was accepted, libcurl sends the mail, which is no command.
  answered_ = command_;
  if (command_ == "RCPT") recipients_.push_back({.recipient = recipient_, .status = status_, .text = text_});
  if (command_ == "DATA" && status_ == 354) command_ = ".";
}

}  // namespace millrace::connect::detail
