// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "millrace/smtp/smtp_client.hpp"

namespace millrace::connect::detail {

/// Follows what client and server say, because libcurl does not tell which recipient was refused, and with which words.
/// Keeps no parameters of commands but the recipients', so that it never has a password.
class SmtpDialogue {
 public:
  /// What the client sent: one or more lines.
  void sent(std::string_view text);
  /// What the server sent: one or more lines. The last line of an answer has a blank behind its number.
  void received(std::string_view text);

  /// The command that was answered last: `EHLO`, `MAIL`, `RCPT`, `DATA`, or `.` for the mail's end. Empty: none.
  [[nodiscard]] const std::string& command() const { return answered_; }
  /// The last answer; 0 and empty before the first.
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The answers to RCPT, in the order of the recipients.
  [[nodiscard]] const std::vector<RecipientAnswer>& recipients() const { return recipients_; }

 private:
  void line(std::string_view text);

  bool ended_ = false;
  std::string command_;
  std::string answered_;
  std::string recipient_;
  std::string lines_;  ///< of the answer that has not ended yet
  int status_ = 0;
  std::string text_;
  std::vector<RecipientAnswer> recipients_;
};

}  // namespace millrace::connect::detail
