// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"
#include "millrace/connect/secret.hpp"

namespace millrace::connect {

/// Settings of an SmtpClient. `url` is required.
struct SmtpSettings {
  /// `smtp://host:587`: the connection must change to TLS (STARTTLS). `smtps://host:465`: TLS from the beginning.
  std::string url = {};
  std::string user = {};  ///< empty: no login
  std::optional<Secret> password = {};
  std::filesystem::path tls_ca = {};  ///< PEM file of the trusted authorities; empty: those of the system
  bool plain = false;                 ///< no TLS; for a server on this machine only
  Millis connect_timeout{10'000};
  Millis timeout{60'000};  ///< for a whole mail
};

/// A mail of plain text.
struct Mail {
  std::string from;             ///< an address such as `buys@example.org`
  std::vector<std::string> to;  ///< such addresses; at least one
  std::string subject;          ///< UTF-8
  std::string text;             ///< UTF-8, with line feeds
  std::string message_id;       ///< without < and >; the same text for the same mail, so that a repetition can be seen
  Timestamp date = 0;           ///< ms since the epoch
};

/// The mail server refuses the mail for all recipients, for good.
class MailRefused : public StreamsException {
 public:
  using StreamsException::StreamsException;
};

/// What the server said to one recipient.
struct RecipientAnswer {
  std::string recipient;
  int status = 0;    ///< of SMTP, e.g. 550
  std::string text;  ///< the server's answer
};

/// What came of a mail that at least one recipient gets.
struct MailResult {
  std::vector<RecipientAnswer> refused;   ///< for good: 5xx
  std::vector<RecipientAnswer> deferred;  ///< may be tried again later: 4xx
};

/// Sends mails, one after another. The connection stays open between them. Certificates are checked.
///
/// Threads  one at a time
class SmtpClient {
 public:
  /// Does not connect. Throws ConfigException for an unusable setting.
  explicit SmtpClient(SmtpSettings settings);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  /// The server, for messages.
  [[nodiscard]] std::string name() const;

  /// Returns when the server has accepted the mail. Throws
  /// - MailRefused: the server refuses the mail itself, or each recipient;
  /// - RetriableException: the server cannot be reached, wants the mail later (4xx), or `stop` was requested. In rare
  ///   cases the server has the mail nevertheless, because its answer was lost;
  /// - StreamsException: wrong password, no TLS, a wrong certificate;
  /// - ConfigException: an address in `mail` is none.
  MailResult send(const Mail& mail, const std::stop_token& stop = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Throws ConfigException if the text cannot be used as a mail address: only ASCII, one @, no blanks or brackets.
void check_mail_address(const std::string& address);

}  // namespace millrace::connect
